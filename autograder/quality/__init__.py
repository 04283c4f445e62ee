"""Tests of the checks: validate, mutation test, compare with other graders, calibrate."""
