"""
question = "q9"
seen = "NumPy answers with as_strided"
failing_checks = []
"""

def make_windows(series, window):
    series = np.ascontiguousarray(series)
    rows, step = len(series) - window, series.strides[0]
    X = np.lib.stride_tricks.as_strided(series, shape=(rows, window, 1), strides=(step, step, step))
    return X.copy(), series[window:].copy()
