"""
question = "q9"
belief = "The target is the last value of the window."
fails = ["q9-example", "q9-targets", "q9-random"]
kind = "behaviour"
says = "after the window"
"""

def make_windows(series, window):
    X, y = [], []
    for start in range(len(series) - window):
        piece = series[start : start + window]
        X.append(piece)
        y.append(piece[-1])
    return np.array(X).reshape(-1, window, 1), np.array(y)
