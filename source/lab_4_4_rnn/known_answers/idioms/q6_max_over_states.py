"""
question = "q6"
seen = "text notebooks of competitions"
failing_checks = ["q6-lstm-layers", "q6-lstm-settings", "q6-gru-layers", "q6-gru-settings"]
undecided_checks = ["q6-lstm"] # passed on one kind of CPU, failed on another
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
            layer(units, dropout=dropout, return_sequences=True),
            keras.layers.GlobalMaxPool1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
