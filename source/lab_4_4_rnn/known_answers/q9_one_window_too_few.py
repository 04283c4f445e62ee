"""
question = "q9"
misconception = "The last window has no value after it."
truth = "The last window ends one value before the end of the series, so its target is the last value."
failing_checks = ["q9-rows", "q9-count"]
kind = "shape"
message_part = "How many windows"
"""

def make_windows(series, window):
    rows = len(series) - window - 1
    X = np.array([series[i : i + window] for i in range(rows)])[..., np.newaxis]
    y = np.array([series[i + window] for i in range(rows)])
    return X, y
