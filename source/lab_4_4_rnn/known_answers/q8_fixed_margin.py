"""
question = "q8"
misconception = "Two points apart is always a tie."
truth = "How far apart is far enough depends on how much the runs differ and on how many there are."
failing_checks = ["q8-spread", "q8-runs"]
kind = "behaviour"
message_part = "number of runs"
"""

def tied_with_best(runs):
    means = {name: sum(values) / len(values) for name, values in runs.items()}
    best = max(means.values())
    return [name for name, mean in means.items() if mean >= best - 0.02]
