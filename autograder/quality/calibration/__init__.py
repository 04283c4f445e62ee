"""Measures the accuracy thresholds."""
