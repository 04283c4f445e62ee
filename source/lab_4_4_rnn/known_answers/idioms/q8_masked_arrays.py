"""
question = "q8"
seen = "notebooks that turn everything into arrays"
failing_checks = []
"""

def tied_with_best(accuracies, n_test):
    names = np.array(list(accuracies.keys()))
    values = np.array(list(accuracies.values()))
    best = values.max()
    se = np.sqrt(best * (1 - best) / n_test)
    return names[values >= best - 2 * se].tolist()
