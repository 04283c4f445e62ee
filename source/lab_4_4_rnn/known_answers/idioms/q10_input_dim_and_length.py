"""
question = "q10"
seen = "recurrent examples of Keras 1"
failing_checks = ["q10-layers", "q10-params", "q10-output", "q10-compiled", "q10-sizes", "q10-skill"]
message_part = "input_length"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential()
    model.add(keras.layers.GRU(units, input_dim=1, input_length=window))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
