"""
question = "q10"
misconception = "The functional API, an explicit linear activation, a loss object."
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    past = keras.Input((window, 1))
    value = keras.layers.Dense(1, activation="linear")(keras.layers.GRU(units)(past))
    model = keras.Model(past, value)
    model.compile("adam", keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError()])
    return model
