"""
question = "q9"
seen = "time series notebooks that scale with the minimum and maximum"
failing_checks = ["q9-first-window", "q9-first-target", "q9-windows", "q9-targets"]
"""

def make_windows(series, window):
    series = np.asarray(series)
    scaled = (series - series.min()) / (series.max() - series.min())
    X = np.array([scaled[i : i + window] for i in range(len(scaled) - window)])
    return X.reshape(-1, window, 1), scaled[window:]
