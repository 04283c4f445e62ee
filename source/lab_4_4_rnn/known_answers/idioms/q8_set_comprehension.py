"""
question = "q8"
seen = "answers with a set comprehension"
failing_checks = ["q8-list"]
true_beliefs = ["A set is a list without an order."]
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    se2 = {name: np.var(values, ddof=1) / len(values) for name, values in runs.items()}
    best = max(means, key=means.get)
    return {name for name in runs if means[best] - means[name] <= 2 * np.sqrt(se2[best] + se2[name])}
