"""Compile, check and grade notebook assignments.

course    ``course_config.py`` as values            facts    LAB, EXPECTED and BARS
checks    the check vocabulary, copied into releases
compile/  source notebook → releases, solutions, bundles
errors    who must act when something is wrong      cli      the ``course`` command
"""
