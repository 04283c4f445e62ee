"""
question = "q9"
belief = "Training data are shuffled first."
fails = ["q9-example", "q9-targets", "q9-random"]
kind = "behaviour"
says = "first row"
"""

def make_windows(series, window):
    rows = np.random.default_rng(0).permutation(len(series) - window)
    X = np.array([series[i : i + window] for i in rows])[..., np.newaxis]
    y = np.array([series[i + window] for i in rows])
    return X, y
