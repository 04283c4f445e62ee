"""
question = "q9"
seen = "notebooks that use TimeseriesGenerator"
failing_checks = []
"""

def make_windows(series, window):
    from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator

    values = np.asarray(series).reshape(-1, 1)
    generator = TimeseriesGenerator(values, np.asarray(series), length=window, batch_size=len(series))
    X, y = generator[0]
    return X, y
