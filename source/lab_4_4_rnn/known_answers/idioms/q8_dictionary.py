"""
question = "q8"
seen = "answers that filter a dictionary"
failing_checks = ["q8-example", "q8-list", "q8-reviews", "q8-margin", "q8-perfect"]
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    se = (best * (1 - best) / n_test) ** 0.5
    return {name: value for name, value in accuracies.items() if value >= best - 2 * se}
