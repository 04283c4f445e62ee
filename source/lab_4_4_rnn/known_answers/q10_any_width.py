"""
question = "q10"
misconception = "A recurrent network need not know the length of its input."
truth = "It can read any length, but the question asks for an input of the given length, and the checks build the network for several."
failing_checks = ["q10-params", "q10-sizes"]
kind = "shape"
message_part = "input has the wrong shape"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((None, 1)), keras.layers.GRU(units), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
