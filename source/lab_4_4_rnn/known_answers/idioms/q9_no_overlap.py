"""
question = "q9"
seen = "answers that cut the series into pieces"
failing_checks = ["q9-rows", "q9-count", "q9-windows"]
"""

def make_windows(series, window):
    X, y = [], []
    for i in range(0, len(series) - window, window):
        X.append(series[i : i + window])
        y.append(series[i + window])
    return np.array(X)[..., np.newaxis], np.array(y)
