"""
question = "q6"
seen = "TensorFlow's guide to recurrent networks"
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")

    cells = {"lstm": keras.layers.LSTMCell, "gru": keras.layers.GRUCell}
    cell = cells[kind](units, dropout=dropout)
    model = keras.Sequential(
        [
            keras.Input(shape=(max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.RNN(cell),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
