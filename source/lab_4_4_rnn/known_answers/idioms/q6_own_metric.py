"""
question = "q6"
seen = "notebooks with an F1 score of their own"
failing_checks = []
review_checks = ["q6-lstm", "q6-gru"]
"""

def f1(y_true, y_pred):
    y_pred = keras.ops.round(y_pred)
    hits = keras.ops.sum(y_true * y_pred)
    return 2 * hits / (keras.ops.sum(y_true) + keras.ops.sum(y_pred) + 1e-7)


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
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )

    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy", f1])
    return model
