"""
question = "q8"
misconception = "The spread of the runs is the error of their mean."
truth = "A mean of many runs is more certain than one run: its error shrinks as the number of runs grows."
failing_checks = ["q8-runs", "q8-difference"]
kind = "behaviour"
message_part = "number of runs"
"""

def tied_with_best(runs):
    means = {name: np.mean(values) for name, values in runs.items()}
    best = max(means, key=means.get)
    tied = []
    for name in runs:
        spread = np.sqrt(np.var(runs[best], ddof=1) + np.var(runs[name], ddof=1))
        if means[best] - means[name] <= 2 * spread:
            tied.append(name)
    return tied
