"""
question = "q8"
seen = "notebooks that turn everything into arrays"
failing_checks = []
"""

def tied_with_best(runs):
    names = np.array(list(runs.keys()))
    means = np.array([np.mean(values) for values in runs.values()])
    squares = np.array([np.var(values, ddof=1) / len(values) for values in runs.values()])
    top = means.argmax()
    return names[means[top] - means <= 2 * np.sqrt(squares[top] + squares)].tolist()
