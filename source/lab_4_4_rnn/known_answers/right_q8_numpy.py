"""
question = "q8"
misconception = "The margin with NumPy, the names in order of accuracy."
failing_checks = []
"""

def tied_with_best(accuracies, n_test):
    names = sorted(accuracies, key=accuracies.get, reverse=True)
    best = accuracies[names[0]]
    standard_error = np.sqrt(best * (1 - best) / n_test)
    return [name for name in names if best - accuracies[name] <= 2 * standard_error]
