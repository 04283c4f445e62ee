"""
question = "q9"
seen = "pandas answers that shift a column"
failing_checks = []
"""

import pandas as pd


def make_windows(series, window):
    frame = pd.DataFrame({"t": np.asarray(series)})
    for lag in range(1, window + 1):
        frame[f"t-{lag}"] = frame["t"].shift(lag)
    frame = frame.dropna()
    X = frame[[f"t-{lag}" for lag in range(window, 0, -1)]].to_numpy()
    return X[..., np.newaxis], frame["t"].to_numpy()
