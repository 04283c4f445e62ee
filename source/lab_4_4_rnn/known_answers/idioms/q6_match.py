"""
question = "q6"
seen = "Python since 3.10"
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    match kind:
        case "lstm":
            recurrent, name = keras.layers.LSTM(units, dropout=dropout), "LSTM_Model"
        case "gru":
            recurrent, name = keras.layers.GRU(units, dropout=dropout), "GRU_Model"
        case _:
            raise ValueError(f"unsupported kind {kind!r}")
    model = keras.Sequential(
        [
            keras.Input(shape=(max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            recurrent,
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=name,
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
