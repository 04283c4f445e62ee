"""
question = "q9"
misconception = "Training data are shuffled first."
truth = "The rows of this function are expected in the order of time."
failing_checks = ["q9-first-window", "q9-windows"]
kind = "behaviour"
message_part = "first row"
"""

def make_windows(series, window):
    rows = np.random.default_rng(0).permutation(len(series) - window)
    X = np.array([series[i : i + window] for i in rows])[..., np.newaxis]
    y = np.array([series[i + window] for i in rows])
    return X, y
