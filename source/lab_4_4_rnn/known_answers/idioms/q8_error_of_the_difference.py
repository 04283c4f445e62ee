"""
question = "q8"
seen = "statistics courses: the test of two proportions"
failing_checks = ["q8-margin", "q8-perfect"]
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    tied = []
    for name, p in accuracies.items():
        se = np.sqrt(best * (1 - best) / n_test + p * (1 - p) / n_test)
        if best - p <= 2 * se:
            tied.append(name)
    return tied
