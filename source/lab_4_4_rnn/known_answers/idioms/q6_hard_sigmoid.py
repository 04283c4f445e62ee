"""
question = "q6"
seen = "Keras 1 and 2, whose gates were hard sigmoids"
failing_checks = ["q6-lstm-settings", "q6-gru-settings"]
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
            layer(units, dropout=dropout, activation="tanh", recurrent_activation="hard_sigmoid"),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
