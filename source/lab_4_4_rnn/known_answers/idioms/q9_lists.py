"""
question = "q9"
seen = "beginners' loops that return lists"
failing_checks = ["q9-x-shape", "q9-y-shape"]
"""

def make_windows(series, window):
    X, y = [], []
    for i in range(len(series) - window):
        X.append([[value] for value in series[i : i + window]])
        y.append(series[i + window])
    return X, y
