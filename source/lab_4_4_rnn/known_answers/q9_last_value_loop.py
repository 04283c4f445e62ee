"""
question = "q9"
misconception = "The target is the last value of the window."
truth = "That value is already in the window; the target is the value after it."
failing_checks = ["q9-first-target", "q9-targets"]
kind = "behaviour"
message_part = "after the window"
"""

def make_windows(series, window):
    X, y = [], []
    for start in range(len(series) - window):
        piece = series[start : start + window]
        X.append(piece)
        y.append(piece[-1])
    return np.array(X).reshape(-1, window, 1), np.array(y)
