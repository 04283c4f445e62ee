"""
question = "q9"
belief = "One shifted copy of the series per column."
fails = []
"""

def make_windows(series, window):
    series = np.asarray(series)
    rows = len(series) - window
    X = np.stack([series[step : step + rows] for step in range(window)], axis=1)
    return X[:, :, np.newaxis], series[window:]
