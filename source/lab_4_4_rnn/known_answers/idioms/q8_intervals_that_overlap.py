"""
question = "q8"
seen = "answers that compare confidence intervals"
failing_checks = ["q8-runs", "q8-difference"]
"""

def tied_with_best(runs):
    def interval(values):
        margin = 2 * np.std(values, ddof=1) / np.sqrt(len(values))
        return np.mean(values) - margin, np.mean(values) + margin

    best = max(runs, key=lambda name: np.mean(runs[name]))
    low, _ = interval(runs[best])
    return [name for name, values in runs.items() if interval(values)[1] >= low]
