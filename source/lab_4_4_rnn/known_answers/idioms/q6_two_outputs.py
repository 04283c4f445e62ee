"""
question = "q6"
seen = "text notebooks of competitions"
failing_checks = ["q6-lstm-params", "q6-lstm-output", "q6-gru-params", "q6-gru-output", "q6-lstm", "q6-gru"]
true_beliefs = ["Two classes need two outputs."]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        layer(units, dropout=dropout),
        keras.layers.Dense(2, activation="softmax"),
    ], name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
