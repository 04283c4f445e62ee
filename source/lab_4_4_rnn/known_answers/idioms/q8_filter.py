"""
question = "q8"
seen = "answers that like lambda"
failing_checks = []
"""

import math


def tied_with_best(accuracies, n_test):
    best = max(accuracies, key=accuracies.get)
    p = accuracies[best]
    standard_error = math.sqrt(p * (1 - p) / n_test)
    return list(filter(lambda name: p - accuracies[name] <= 2 * standard_error, accuracies))
