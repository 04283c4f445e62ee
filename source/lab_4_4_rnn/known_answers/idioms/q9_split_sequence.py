"""
question = "q9"
seen = "time series tutorials with a loop over the series"
failing_checks = []
"""

def make_windows(series, window):
    X, y = list(), list()
    for start in range(len(series)):
        end = start + window
        if end > len(series) - 1:
            break
        X.append(series[start:end])
        y.append(series[end])
    X = np.array(X)
    return X.reshape((X.shape[0], X.shape[1], 1)), np.array(y)
