"""
question = "q10"
seen = "notebooks that derive an optimizer"
failing_checks = []
review_checks = ["q10-compiled", "q10-skill"]
"""


class WarmAdam(keras.optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        warm = keras.ops.minimum(1.0, (self.iterations + 1) / 100)
        super().update_step(gradient, variable, learning_rate * keras.ops.cast(warm, learning_rate.dtype))


def build_forecaster(window=window, units=units):
    model = keras.Sequential([keras.Input((window, 1)), keras.layers.GRU(units), keras.layers.Dense(1)])
    model.compile(optimizer=WarmAdam(), loss="mse", metrics=["mae"])
    return model
