"""
question = "q8"
misconception = "A set is a list without an order."
truth = "A set is a type of its own, without places and without equals; the question asks for a list."
failing_checks = ["q8-list"]
kind = "type"
message_part = "wrong type"
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    squares = {name: np.var(values) / len(values) for name, values in runs.items()}
    best = max(means, key=means.get)
    return {n for n in runs if means[best] - means[n] <= 2 * np.sqrt(squares[best] + squares[n])}
