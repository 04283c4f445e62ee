"""
question = "q9"
misconception = "NumPy's sliding windows, without the last one."
failing_checks = []
"""

def make_windows(series, window):
    windows = np.lib.stride_tricks.sliding_window_view(series, window)[:-1]
    return windows.reshape(-1, window, 1).copy(), series[window:].copy()
