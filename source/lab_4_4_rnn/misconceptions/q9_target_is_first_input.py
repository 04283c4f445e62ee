"""
question = "q9"
belief = "The series is its own target, as in timeseries_dataset_from_array(s, s, …)."
fails = ["q9-example", "q9-targets", "q9-random"]
kind = "behaviour"
says = "after the window"
"""

def make_windows(series, window):
    rows = len(series) - window
    X = np.array([series[i : i + window] for i in range(rows)])[..., np.newaxis]
    return X, np.asarray(series[:rows])
