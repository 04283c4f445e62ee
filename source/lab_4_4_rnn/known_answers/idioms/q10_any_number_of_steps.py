"""
question = "q10"
seen = "machine learning textbooks: input_shape=[None, 1]"
failing_checks = ["q10-params", "q10-sizes"]
true_beliefs = ["A recurrent network need not know the length of its input."]
"""

def build_forecaster(window=window, units=units):
    model = tf.keras.Sequential([
        tf.keras.Input(shape=(None, 1)),
        tf.keras.layers.GRU(units),
        tf.keras.layers.Dense(1),
    ])
    model.compile(loss="mse", optimizer="adam", metrics=["mae"])
    return model
