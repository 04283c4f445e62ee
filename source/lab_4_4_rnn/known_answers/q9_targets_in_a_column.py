"""
question = "q9"
misconception = "A network's targets are a column."
truth = "The question asks for one number per row of X, an array with a single axis."
failing_checks = ["q9-y-shape"]
kind = "shape"
message_part = "no axis more"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.stack([series[i : i + window] for i in range(rows)])[..., np.newaxis]
    return X, np.asarray(series[window:]).reshape(-1, 1)
