"""
question = "q10"
misconception = "Every hidden layer takes relu."
failing_checks = ["q10-layers"]
undecided_checks = ["q10-skill"]
kind = "config"
message_part = "activation of GRU"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((window, 1)), keras.layers.GRU(units, activation="relu"), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
