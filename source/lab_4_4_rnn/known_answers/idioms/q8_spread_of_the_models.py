"""
question = "q8"
seen = "answers that take the standard deviation of the means"
failing_checks = ["q8-spread", "q8-runs", "q8-difference"]
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    margin = 2 * np.std(list(means.values()))
    return [name for name in means if means[name] >= max(means.values()) - margin]
