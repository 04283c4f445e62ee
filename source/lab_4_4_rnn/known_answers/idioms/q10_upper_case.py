"""
question = "q10"
seen = "answers that write abbreviations in capitals"
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential()
    model.add(keras.Input(shape=(window, 1)))
    model.add(keras.layers.GRU(units, activation="tanh"))
    model.add(keras.layers.Dense(1, activation=None))
    model.compile(loss="MSE", optimizer="Adam", metrics=["MAE", "mse"])
    return model
