"""
question = "q6"
misconception = "Both networks may use one Embedding: the words are the same."
truth = "Then training one network changes the other, and the two can no longer be compared."
failing_checks = ["q6-separate"]
kind = "behaviour"
message_part = "share a layer"
"""

embeddings = {}


def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    if (vocab_size, embed_dim) not in embeddings:
        embeddings[vocab_size, embed_dim] = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            embeddings[vocab_size, embed_dim],
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
