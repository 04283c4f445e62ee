"""
question = "q10"
misconception = "The loss of the reviews serves here as well."
truth = "Cross-entropy compares a probability with a class; a forecast may be any number, so its loss measures a distance between numbers."
failing_checks = ["q10-compiled", "q10-skill"]
kind = "config"
message_part = "not a class"
"""

def build_forecaster(window=window, units=units):
    past = keras.Input((window, 1))
    state = keras.layers.GRU(units)(past)
    model = keras.Model(past, keras.layers.Dense(1)(state))
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(), metrics=["mae"])
    return model
