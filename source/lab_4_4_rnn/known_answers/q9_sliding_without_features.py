"""
question = "q9"
misconception = "A row of numbers is a sequence for Keras."
failing_checks = ["q9-x-shape"]
kind = "shape"
message_part = "features"
"""

def make_windows(series, window):
    windows = np.lib.stride_tricks.sliding_window_view(series, window)
    return windows[:-1].copy(), series[window:].copy()
