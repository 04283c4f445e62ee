"""
question = "q9"
misconception = "One shifted copy of the series per column."
failing_checks = []
"""

def make_windows(series, window):
    series = np.asarray(series)
    rows = len(series) - window
    X = np.stack([series[step : step + rows] for step in range(window)], axis=1)
    return X[:, :, np.newaxis], series[window:]
