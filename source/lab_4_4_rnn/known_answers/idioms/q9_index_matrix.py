"""
question = "q9"
seen = "NumPy answers with broadcast indices"
failing_checks = []
"""

def make_windows(series, window):
    series = np.asarray(series)
    starts = np.arange(len(series) - window)
    index = starts[:, None] + np.arange(window)[None, :]
    return np.expand_dims(series[index], axis=-1), series[starts + window]
