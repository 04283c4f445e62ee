from autograder.checks import *  # noqa: F403  a release gets the real files
