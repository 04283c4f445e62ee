"""
question = "q9"
misconception = "A series of n values has n - window + 1 windows, and so many targets."
truth = "The last of these windows has no value after it, so it has no target."
failing_checks = [
    "q9-rows",
    "q9-x-shape",
    "q9-y-shape",
    "q9-first-window",
    "q9-first-target",
    "q9-count",
    "q9-windows",
    "q9-targets",
]
kind = "translated"
message_part = "index is out of range"
"""

def make_windows(series, window):
    rows = range(len(series) - window + 1)
    X = np.array([series[i : i + window] for i in rows])[..., np.newaxis]
    y = np.array([series[i + window] for i in rows])
    return X, y
