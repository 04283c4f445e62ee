"""Tests of the checks.

sample          submissions made from a release: the solution, known answers, a sample class
validate        ``course validate``: every known answer gets the expected verdict
mutation_test   ``course mutation-test``: no small change of the solution passes all checks
compare         ``course compare``: marks are equal to those of otter and nbgrader
calibrate       ``course calibrate``: trains, fits the thresholds, writes their page
results_page    the pages of ``docs/results/``
"""
