"""
question = "q6"
misconception = "A second recurrent layer reads what the first one returns."
truth = "It reads a sequence, and a recurrent layer returns only its last state unless told otherwise; the question asks for one recurrent layer."
failing_checks = [
    "q6-lstm-layers",
    "q6-lstm-params",
    "q6-lstm-settings",
    "q6-lstm-output",
    "q6-gru-layers",
    "q6-gru-params",
    "q6-gru-settings",
    "q6-gru-output",
    "q6-lstm-sizes",
    "q6-lstm-padding",
    "q6-gru-sizes",
    "q6-gru-padding",
    "q6-kind",
    "q6-separate",
    "q6-lstm",
    "q6-gru",
]
kind = "translated"
message_part = "return_sequences=True keeps the words"
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
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
