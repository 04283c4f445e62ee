"""
question = "q10"
seen = "video courses on time series with TensorFlow"
failing_checks = ["q10-compiled"]
review_checks = ["q10-layers", "q10-params", "q10-output", "q10-skill"]
"""

def build_forecaster(window=window, units=units):
    model = tf.keras.models.Sequential([
        tf.keras.Input(shape=(window, 1)),
        tf.keras.layers.GRU(units),
        tf.keras.layers.Dense(1),
        tf.keras.layers.Lambda(lambda x: x * 100.0),
    ])
    model.compile(loss=tf.keras.losses.Huber(), optimizer=tf.keras.optimizers.SGD(learning_rate=1e-5, momentum=0.9), metrics=["mae"])
    return model
