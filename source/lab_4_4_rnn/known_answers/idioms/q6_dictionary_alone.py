"""
question = "q6"
seen = "answers that rely on the KeyError of a dictionary"
failing_checks = ["q6-kind"]
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layers = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    model = keras.Sequential(
        [
            keras.Input(shape=(max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layers[kind](units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
