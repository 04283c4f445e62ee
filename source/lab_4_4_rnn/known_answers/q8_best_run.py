"""
question = "q8"
misconception = "A network is as good as its best run."
truth = "The best of several runs is mostly luck; the mean says what to expect of the next one."
failing_checks = ["q8-runs", "q8-difference"]
kind = "behaviour"
message_part = "list of tied networks"
"""

def tied_with_best(runs):
    tops = {name: max(values) for name, values in runs.items()}
    squares = {name: np.var(values, ddof=1) / len(values) for name, values in runs.items()}
    best = max(tops, key=tops.get)
    return [n for n in runs if tops[best] - tops[n] <= 2 * np.sqrt(squares[best] + squares[n])]
