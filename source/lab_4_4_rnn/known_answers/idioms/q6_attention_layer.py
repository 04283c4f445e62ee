"""
question = "q6"
seen = "attention layers in text notebooks of competitions"
failing_checks = []
review_checks = ["q6-lstm-settings", "q6-gru-settings", "q6-lstm-layers", "q6-lstm-params", "q6-lstm-output", "q6-gru-layers", "q6-gru-params", "q6-gru-output", "q6-lstm-padding", "q6-gru-padding", "q6-lstm", "q6-gru"]
"""


class Attention(keras.layers.Layer):
    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[-1], 1), initializer="glorot_uniform", name="W")

    def call(self, states):
        weights = keras.ops.softmax(keras.ops.tanh(states @ self.W), axis=1)
        return keras.ops.sum(weights * states, axis=1)


def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    inputs = keras.Input(shape=(max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inputs)
    x = layer(units, dropout=dropout, return_sequences=True)(x)
    x = Attention()(x)
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
