"""
question = "q8"
misconception = "Arrays, the names in order of the means."
failing_checks = []
"""

def tied_with_best(runs):
    names = sorted(runs, key=lambda name: np.mean(runs[name]), reverse=True)
    means = np.array([np.mean(runs[name]) for name in names])
    squares = np.array([np.var(runs[name], ddof=1) / len(runs[name]) for name in names])
    return [name for name, near in zip(names, means[0] - means <= 2 * np.sqrt(squares[0] + squares)) if near]
