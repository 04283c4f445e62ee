"""
question = "q9"
seen = "plain Python with a deque"
failing_checks = []
"""

from collections import deque


def make_windows(series, window):
    recent, X, y = deque(maxlen=window), [], []
    for value in series:
        if len(recent) == window:
            X.append([[number] for number in recent])
            y.append(value)
        recent.append(value)
    return np.array(X), np.array(y)
