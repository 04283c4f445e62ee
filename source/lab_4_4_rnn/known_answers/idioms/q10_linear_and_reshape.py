"""
question = "q10"
seen = "TensorFlow's time series tutorial"
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    model = tf.keras.Sequential(name="forecaster")
    model.add(tf.keras.layers.InputLayer(shape=(window, 1)))
    model.add(tf.keras.layers.GRU(units, return_sequences=False))
    model.add(tf.keras.layers.Dense(units=1, activation="linear"))
    model.add(tf.keras.layers.Reshape((1,)))
    model.compile(
        loss=tf.keras.losses.MeanSquaredError(),
        optimizer=tf.keras.optimizers.Adam(),
        metrics=[tf.keras.metrics.MeanAbsoluteError(), tf.keras.metrics.RootMeanSquaredError()],
    )
    return model
