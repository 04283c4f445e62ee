"""
question = "q6"
misconception = "Two classes need two outputs."
truth = "One probability suffices for two classes: that of the other one is the rest to 1."
failing_checks = [
    "q6-lstm-params",
    "q6-lstm-output",
    "q6-gru-params",
    "q6-gru-output",
    "q6-lstm",
    "q6-gru",
]
kind = "shape"
message_part = "wrong shape"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer(units, dropout=dropout),
            keras.layers.Dense(2, activation="softmax"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model
