"""
question = "q9"
belief = "A row of numbers is a sequence for Keras."
fails = ["q9-shape", "q9-example", "q9-targets", "q9-random"]
kind = "shape"
says = "features"
"""

def make_windows(series, window):
    windows = np.lib.stride_tricks.sliding_window_view(series, window)
    return windows[:-1].copy(), series[window:].copy()
