"""Compile, check and grade notebook assignments.

errors     who must act when something is wrong
course     ``course_config.py`` as values
facts      LAB, EXPECTED and BARS of an assignment
problems   what is wrong in a source, and where
notebook   the one spelling of a notebook file
source     the source notebook as questions, answers and checks
checks     the check vocabulary, copied into releases; imports nothing of this package
grade/     submissions → results; hidden checks never meet student code
compile/   source notebook → releases, solutions, bundles
calibrate  measures the accuracy bars
demo       the solution, run with all its checks
cli        the ``course`` command

A module imports only from those above it.
"""
