"""
question = "q10"
seen = "video courses with Dense layers after the recurrent one"
failing_checks = ["q10-layers", "q10-params"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([
        keras.Input(shape=(window, 1)),
        keras.layers.GRU(units),
        keras.layers.Dense(10, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
