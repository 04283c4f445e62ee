"""
question = "q8"
misconception = "A loop that collects the names."
failing_checks = []
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    margin = 2 * (best * (1 - best) / n_test) ** 0.5
    tied = []
    for name, accuracy in accuracies.items():
        if accuracy >= best - margin:
            tied.append(name)
    return tied
