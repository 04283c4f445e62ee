"""
question = "q8"
seen = "answers that filter a dictionary"
failing_checks = ["q8-example", "q8-list", "q8-spread", "q8-runs", "q8-difference"]
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    se2 = {name: np.var(values, ddof=1) / len(values) for name, values in runs.items()}
    best = max(means, key=means.get)
    return {n: m for n, m in means.items() if means[best] - m <= 2 * np.sqrt(se2[best] + se2[n])}
