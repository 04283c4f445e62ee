"""
question = "q9"
misconception = "The target is the last value of the window."
truth = "That value is already in the window; the target is the value after it."
failing_checks = ["q9-first-target", "q9-targets"]
kind = "behaviour"
message_part = "after the window"
"""

def make_windows(series, window):
    rows = range(len(series) - window)
    X = np.array([series[i : i + window] for i in rows])[..., np.newaxis]
    y = np.array([series[i + window - 1] for i in rows])
    return X, y
