"""
question = "q8"
misconception = "A loop that collects the names, with the population variance and a strict comparison."
failing_checks = []
"""

def tied_with_best(runs):
    means = {}
    for name, values in runs.items():
        means[name] = sum(values) / len(values)
    best = max(means, key=means.get)
    tied = []
    for name in runs:
        square = 0.0
        for other in (best, name):
            deviations = [(value - means[other]) ** 2 for value in runs[other]]
            square += sum(deviations) / len(deviations) / len(deviations)
        if name == best or means[best] - means[name] < 2 * square**0.5:
            tied.append(name)
    return tied
