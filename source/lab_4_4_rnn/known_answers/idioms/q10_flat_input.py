"""
question = "q10"
seen = "answers that add the feature axis in the network"
failing_checks = ["q10-layers", "q10-params", "q10-sizes", "q10-skill"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([
        keras.Input(shape=(window,)),
        keras.layers.Reshape((window, 1)),
        keras.layers.GRU(units),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
