"""
question = "q5"
seen = "Keras' guide to layers of one's own"
failing_checks = []
review_checks = ["q5-layers", "q5-params", "q5-recurrent", "q5-output", "q5-sizes", "q5-padding", "q5-order"]
"""

@keras.utils.register_keras_serializable(package="lab")
class MyRecurrent(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), initializer="orthogonal", name="recurrent")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, vectors, mask=None):
        state = keras.ops.zeros((keras.ops.shape(vectors)[0], self.units))
        for t in range(vectors.shape[1]):
            new = keras.ops.tanh(vectors[:, t] @ self.kernel + state @ self.recurrent + self.bias)
            state = new if mask is None else keras.ops.where(mask[:, t, None], new, state)
        return state

    def compute_mask(self, inputs, mask=None):
        return None


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        MyRecurrent(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
