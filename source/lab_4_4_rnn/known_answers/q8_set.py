"""
question = "q8"
misconception = "A set is a list without an order."
truth = "A set is a type of its own, without places and without equals; the question asks for a list."
failing_checks = ["q8-list"]
kind = "type"
message_part = "wrong type"
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    margin = 2 * (best * (1 - best) / n_test) ** 0.5
    return {name for name, accuracy in accuracies.items() if accuracy >= best - margin}
