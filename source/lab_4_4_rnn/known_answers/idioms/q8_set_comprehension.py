"""
question = "q8"
seen = "answers with a set comprehension"
failing_checks = ["q8-list"]
true_beliefs = ["A set is a list without an order."]
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    se = (best * (1 - best) / n_test) ** 0.5
    return {name for name, value in accuracies.items() if value >= best - 2 * se}
