"""
question = "q10"
seen = "answers that measure a regression by accuracy"
failing_checks = ["q10-compiled"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer="adam", metrics=["accuracy"])
    return model
