"""
question = "q10"
misconception = "Every hidden layer takes relu."
truth = "A recurrent layer of Keras has tanh unless told otherwise: it keeps the state between -1 and 1, however many steps there are."
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
