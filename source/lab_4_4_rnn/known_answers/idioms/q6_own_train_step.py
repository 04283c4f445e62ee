"""
question = "q6"
seen = "Keras' guide to a train_step of one's own"
failing_checks = []
review_checks = ["q6-lstm-layers", "q6-lstm-params", "q6-lstm-settings", "q6-lstm-output", "q6-gru-layers", "q6-gru-params", "q6-gru-settings", "q6-gru-output", "q6-lstm-sizes", "q6-lstm-padding", "q6-gru-sizes", "q6-gru-padding", "q6-kind", "q6-separate", "q6-lstm", "q6-gru"]
"""


class GatedModel(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    inputs = keras.Input(shape=(max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inputs)
    x = layer(units, dropout=dropout)(x)
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = GatedModel(inputs, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
