"""
question = "q10"
seen = "answers that write the identity as a function"
failing_checks = []
review_checks = ["q10-layers", "q10-params", "q10-output", "q10-skill"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([
        keras.Input((window, 1)),
        keras.layers.GRU(units),
        keras.layers.Dense(1, activation=lambda value: value),
    ])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
