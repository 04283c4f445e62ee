"""
question = "q6"
seen = "text notebooks with word vectors that are not trained"
failing_checks = ["q6-lstm", "q6-gru"]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    model = keras.Sequential(name=f"{kind.upper()}_Model")
    model.add(keras.Input(shape=(max_length,)))
    model.add(keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, trainable=False))
    model.add(layer(units, dropout=dropout))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
