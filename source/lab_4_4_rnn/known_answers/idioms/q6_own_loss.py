"""
question = "q6"
seen = "notebooks that write the cross-entropy themselves"
failing_checks = []
review_checks = ["q6-lstm-output", "q6-gru-output", "q6-lstm", "q6-gru"]
"""

def bce_loss(y_true, y_pred):
    y_pred = keras.ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return -keras.ops.mean(y_true * keras.ops.log(y_pred) + (1 - y_true) * keras.ops.log(1 - y_pred), axis=-1)


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

    model.compile(optimizer="adam", loss=bce_loss, metrics=["accuracy"])
    return model
