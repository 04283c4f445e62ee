"""
question = "q10"
misconception = "A forecaster forecasts at each step."
failing_checks = ["q10-layers", "q10-output", "q10-skill"]
kind = "shape"
message_part = "wrong shape"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((window, 1)), keras.layers.GRU(units, return_sequences=True), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
