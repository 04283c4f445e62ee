"""
question = "q9"
seen = "time series notebooks that keep two-dimensional arrays"
failing_checks = ["q9-y-shape"]
true_beliefs = ["A network's targets are a column."]
"""

def make_windows(series, window):
    values = np.asarray(series).reshape(-1, 1)
    X = np.array([values[i : i + window] for i in range(len(values) - window)])
    y = values[window:]
    return X, y
