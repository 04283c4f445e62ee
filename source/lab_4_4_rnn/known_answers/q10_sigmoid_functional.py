"""
question = "q10"
misconception = "Every network ends in a sigmoid."
truth = "A sigmoid squeezes everything between 0 and 1, which suits a probability; a standardized series also takes values below 0 and above 1."
failing_checks = ["q10-output", "q10-skill"]
kind = "config"
message_part = "not a probability"
"""

def build_forecaster(window=window, units=units):
    past = keras.Input((window, 1))
    state = keras.layers.GRU(units)(past)
    model = keras.Model(past, keras.layers.Dense(1, "sigmoid")(state))
    model.compile(optimizer=keras.optimizers.Adam(), loss="mse", metrics=["mae"])
    return model
