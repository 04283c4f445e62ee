"""
question = "q10"
belief = "The loss of the reviews serves here as well."
fails = ["q10-output", "q10-skill"]
kind = "config"
says = "not a class"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mae"])
    return model
