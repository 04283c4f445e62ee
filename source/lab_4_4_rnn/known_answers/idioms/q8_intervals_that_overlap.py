"""
question = "q8"
seen = "answers that compare confidence intervals"
failing_checks = ["q8-margin", "q8-perfect"]
"""

def tied_with_best(accuracies, n_test):
    def interval(p):
        margin = 2 * (p * (1 - p) / n_test) ** 0.5
        return p - margin, p + margin

    low, _ = interval(max(accuracies.values()))
    return [name for name, p in accuracies.items() if interval(p)[1] >= low]
