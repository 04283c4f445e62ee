"""
question = "q8"
misconception = "The error of the best network is the margin."
truth = "Both means are uncertain, so the margin is made from the spread of both networks."
failing_checks = ["q8-example", "q8-difference"]
kind = "behaviour"
message_part = "spread of both networks"
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    best = max(means, key=means.get)
    margin = 2 * np.std(runs[best], ddof=1) / np.sqrt(len(runs[best]))
    return [name for name in runs if means[best] - means[name] <= margin]
