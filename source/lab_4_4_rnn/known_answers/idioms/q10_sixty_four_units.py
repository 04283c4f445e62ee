"""
question = "q10"
seen = "time series tutorials with numbers typed in"
failing_checks = ["q10-params", "q10-sizes"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input(shape=(window, 1)), keras.layers.GRU(64), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
