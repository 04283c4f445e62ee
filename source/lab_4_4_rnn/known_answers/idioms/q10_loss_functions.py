"""
question = "q10"
seen = "answers that pass functions of Keras 2 by their names"
failing_checks = ["q10-layers", "q10-params", "q10-output", "q10-compiled", "q10-sizes", "q10-skill"]
message_part = "mean_squared_error"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input(shape=(window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=keras.losses.mean_squared_error, metrics=[keras.losses.mean_absolute_error])
    return model
