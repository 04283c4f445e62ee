"""
question = "q8"
seen = "answers that take the standard deviation of the accuracies"
failing_checks = ["q8-reviews", "q8-margin", "q8-perfect"]
"""

def tied_with_best(accuracies, n_test):
    values = list(accuracies.values())
    margin = 2 * np.std(values)
    return [name for name in accuracies if accuracies[name] >= max(values) - margin]
