"""
question = "q10"
seen = "notebooks with a root mean squared error of their own"
failing_checks = []
review_checks = ["q10-compiled", "q10-skill"]
"""

def rmse(y_true, y_pred):
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(y_pred - y_true)))


def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=rmse, metrics=["mae"])
    return model
