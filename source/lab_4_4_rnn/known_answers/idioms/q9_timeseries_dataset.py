"""
question = "q9"
seen = "Keras books: timeseries_dataset_from_array"
failing_checks = []
"""

def make_windows(series, window):
    series = np.asarray(series)
    dataset = keras.utils.timeseries_dataset_from_array(
        data=series[:-1, np.newaxis], targets=series[window:], sequence_length=window, batch_size=128
    )
    batches = list(dataset.as_numpy_iterator())
    X = np.concatenate([inputs for inputs, _ in batches])
    y = np.concatenate([targets for _, targets in batches])
    return X, y
