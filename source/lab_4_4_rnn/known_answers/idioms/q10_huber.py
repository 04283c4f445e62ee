"""
question = "q10"
seen = "machine learning textbooks that forecast with the Huber loss"
failing_checks = ["q10-compiled"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(loss=keras.losses.Huber(), optimizer="adam", metrics=["mae"])
    return model
