"""
question = "q9"
seen = "video courses: Dataset.window and flat_map"
failing_checks = []
review_checks = [
    "q9-rows", "q9-x-shape", "q9-y-shape", "q9-first-window", "q9-first-target", "q9-count", "q9-windows",
    "q9-targets",
]
"""

def make_windows(series, window):
    dataset = tf.data.Dataset.from_tensor_slices(series)
    dataset = dataset.window(window + 1, shift=1, drop_remainder=True)
    dataset = dataset.flat_map(lambda part: part.batch(window + 1))
    dataset = dataset.map(lambda part: (part[:-1], part[-1]))
    return dataset.batch(32).prefetch(1)
