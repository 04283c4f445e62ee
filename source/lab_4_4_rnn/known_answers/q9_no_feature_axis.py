"""
question = "q9"
misconception = "A row of numbers is a sequence for Keras."
truth = "A recurrent layer reads a list of features at each step, so even a single feature needs an axis of its own."
failing_checks = ["q9-x-shape"]
kind = "shape"
message_part = "features"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.array([series[i : i + window] for i in range(rows)])
    return X, np.asarray(series[window:])
