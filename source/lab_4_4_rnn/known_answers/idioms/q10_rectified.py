"""
question = "q10"
seen = "time series tutorials with activation='relu' in the recurrent layer"
failing_checks = ["q10-layers"]
true_beliefs = ["Every hidden layer takes relu."]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=(window, 1)))
    model.add(keras.layers.GRU(units, activation="relu"))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
