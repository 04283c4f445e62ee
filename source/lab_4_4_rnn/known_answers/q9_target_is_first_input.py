"""
question = "q9"
misconception = "The series is its own target, as in timeseries_dataset_from_array(s, s, …)."
truth = "Then each window's target is its own first value; the target is the value after the window."
failing_checks = ["q9-first-target", "q9-targets"]
kind = "behaviour"
message_part = "after the window"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.array([series[i : i + window] for i in range(rows)])[..., np.newaxis]
    return X, np.asarray(series[:rows])
