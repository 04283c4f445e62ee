"""
question = "q6"
seen = "beginners' code that prints what is wrong"
failing_checks = ["q6-kind"]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind == "lstm":
        layer = keras.layers.LSTM(units, dropout=dropout)
    elif kind == "gru":
        layer = keras.layers.GRU(units, dropout=dropout)
    else:
        print("ValueError: kind must be lstm or gru")
        return None
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
