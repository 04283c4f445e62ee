"""
question = "q9"
belief = "The target is the last value of the window."
fails = ["q9-example", "q9-targets", "q9-random"]
kind = "behaviour"
says = "after the window"
"""

def make_windows(series, window):
    rows = range(len(series) - window)
    X = np.array([series[i : i + window] for i in rows])[..., np.newaxis]
    y = np.array([series[i + window - 1] for i in rows])
    return X, y
