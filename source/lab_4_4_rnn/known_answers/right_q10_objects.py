"""
question = "q10"
misconception = "add() for each layer, objects for optimizer, loss and metric."
failing_checks = []
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.layers.InputLayer(shape=(window, 1))])
    model.add(keras.layers.GRU(units))
    model.add(keras.layers.Dense(1, activation="linear"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.MeanSquaredError(),
        metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
    )
    return model
