"""
question = "q10"
misconception = "A forecaster forecasts at each step."
truth = "The question asks for one value after the window, so only the state after the last step matters."
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
