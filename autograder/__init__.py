"""Compile, check and grade notebook assignments.

errors     who must act when something is wrong
lateness   when something was handed in, and what being late costs
course     ``course_config.py`` as values
facts      LAB, EXPECTED and BARS of an assignment
problems   what is wrong in a source, and where
notebook   the one spelling of a notebook file
source     the source notebook as questions, answers and checks
misconceptions  known answers, with the verdict that each must get
checks     the check vocabulary, copied into releases; imports nothing of this package
grade/     submissions → results; hidden checks never meet student code
compile/   source notebook → releases, solutions, bundles
report/    results → pages, tables, what platforms read
calibrate  measures the accuracy bars
sample     submissions made from a release
traces     what known wrong answers look like to the checks
progress   how a run goes, for who waits
recipes    an assignment, compiled for grading
cluster/   ``--cluster``: grading on many machines
classroom  ``course grade``: compile, grade, write the views
regrade    ``course regrade``, ``course appeal``: one student again, and what the checks saw
bundle/    uploads for platforms
validate   ``course validate``: every known answer gets the verdict that it must
mutants    ``course mutants``: the solution with one small change each
peers      the real otter and nbgrader, as commands
agreement  ``course agreement``: our marks beside theirs
bench/     times us against otter and nbgrader, and classes of several sizes
doctor     what this machine can do
demo       builds, then grades a small class
cli        the ``course`` command

A module imports only from those above it.
"""
