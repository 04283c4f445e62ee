"""
question = "q10"
seen = "Keras books"
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    inputs = keras.Input(shape=(window, 1))
    x = keras.layers.GRU(units)(inputs)
    outputs = keras.layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["mean_absolute_error"])
    return model
