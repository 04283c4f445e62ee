"""
question = "q6"
seen = "Keras before version 2.1, whose GRU had one bias"
failing_checks = ["q6-gru-params"]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")

    if kind == "lstm":
        layer = keras.layers.LSTM(units, dropout=dropout)
    else:
        layer = keras.layers.GRU(units, dropout=dropout, reset_after=False)
    model = keras.Sequential(
        [
            keras.Input(shape=(max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer,
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
