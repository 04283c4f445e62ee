"""
question = "q10"
seen = "answers that mix up loss and metric"
failing_checks = ["q10-compiled"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input(shape=(window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mae", metrics=["mse"])
    return model
