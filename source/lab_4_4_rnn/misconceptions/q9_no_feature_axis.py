"""
question = "q9"
belief = "A row of numbers is a sequence for Keras."
fails = ["q9-shape", "q9-example", "q9-targets", "q9-random"]
kind = "shape"
says = "features"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.array([series[i : i + window] for i in range(rows)])
    return X, np.asarray(series[window:])
