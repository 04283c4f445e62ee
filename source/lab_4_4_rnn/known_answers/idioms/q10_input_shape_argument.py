"""
question = "q10"
seen = "machine learning textbooks from before Keras 3"
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    model = tf.keras.models.Sequential([
        tf.keras.layers.GRU(units, input_shape=[window, 1]),
        tf.keras.layers.Dense(1),
    ])
    model.compile(loss=tf.keras.losses.MeanSquaredError(), optimizer="adam", metrics=[tf.keras.metrics.MeanAbsoluteError()])
    return model
