"""Compile, check and grade notebook assignments.

errors     who must act when something is wrong
course     ``course_config.py`` as values
facts      LAB, EXPECTED and BARS of an assignment
checks     the check vocabulary, copied into releases; imports nothing of this package
compile/   source notebook → releases, solutions, bundles
calibrate  measures the accuracy bars
demo       the solution, run with all its checks
cli        the ``course`` command

A module imports only from those above it.
"""
