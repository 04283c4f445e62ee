"""
question = "q10"
misconception = "Every network ends in a sigmoid."
truth = "A sigmoid squeezes everything between 0 and 1, which suits a probability; a standardized series also takes values below 0 and above 1."
failing_checks = ["q10-output", "q10-skill"]
kind = "config"
message_part = "not a probability"
"""

def build_forecaster(window=window, units=units):
    model = keras.Sequential(
        [keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model
