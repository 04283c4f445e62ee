"""
question = "q8"
misconception = "One standard error is the margin."
truth = "The question draws the line at two standard errors of the difference."
failing_checks = ["q8-example", "q8-difference"]
kind = "behaviour"
message_part = "two standard errors"
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    errors = {name: np.std(values, ddof=1) / np.sqrt(len(values)) for name, values in runs.items()}
    best = max(means, key=means.get)
    return [name for name in runs if means[best] - means[name] <= np.hypot(errors[best], errors[name])]
