"""
question = "q6"
seen = "deep learning textbooks that keep all states"
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    inputs = keras.Input(shape=(max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inputs)
    x = layer(units, dropout=dropout, return_sequences=True)(x)
    x = x[:, -1, :]
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
