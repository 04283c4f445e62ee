"""
question = "q8"
seen = "answers to the first form of the question: the error of a share"
failing_checks = ["q8-example", "q8-list", "q8-spread", "q8-runs", "q8-difference"]
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    margin = 2 * (best * (1 - best) / n_test) ** 0.5
    return [name for name, accuracy in accuracies.items() if accuracy >= best - margin]
