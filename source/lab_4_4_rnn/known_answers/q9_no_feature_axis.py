"""
question = "q9"
misconception = "A row of numbers is a sequence for Keras."
failing_checks = ["q9-x-shape"]
kind = "shape"
message_part = "features"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.array([series[i : i + window] for i in range(rows)])
    return X, np.asarray(series[window:])
