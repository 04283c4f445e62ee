"""
question = "q10"
seen = "time series tutorials with an LSTM"
failing_checks = ["q10-layers", "q10-params", "q10-sizes"]
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential()
    model.add(keras.layers.Input(shape=(window, 1)))
    model.add(keras.layers.LSTM(units))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
