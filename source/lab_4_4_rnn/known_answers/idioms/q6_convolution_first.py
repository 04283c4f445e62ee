"""
question = "q6"
seen = "forum answers on convolution before an LSTM"
failing_checks = ["q6-lstm-layers", "q6-lstm-params", "q6-gru-layers", "q6-gru-params", "q6-lstm-padding", "q6-gru-padding", "q6-lstm", "q6-gru"]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU
    model = keras.Sequential(
        [
            keras.Input(shape=(max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.Conv1D(embed_dim, 3, padding="same", activation="relu"),
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
