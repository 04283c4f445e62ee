"""
question = "q9"
seen = "time series tutorials that reshape to (samples, 1, look_back)"
failing_checks = ["q9-x-shape"]
"""

def make_windows(series, window):
    X, y = [], []
    for i in range(len(series) - window):
        X.append(series[i : i + window])
        y.append(series[i + window])
    X = np.array(X)
    X = np.reshape(X, (X.shape[0], 1, X.shape[1]))
    return X, np.array(y)
