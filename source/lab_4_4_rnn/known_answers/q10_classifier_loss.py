"""
question = "q10"
misconception = "The loss of the reviews serves here as well."
truth = "Cross-entropy compares a probability with a class; a forecast may be any number, so its loss measures a distance between numbers."
failing_checks = ["q10-compiled", "q10-skill"]
kind = "config"
message_part = "not a class"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mae"])
    return model
