"""
question = "q6"
misconception = "Softmax is the activation of a classifier."
truth = "Softmax makes its outputs add up to 1, so a single output is always 1."
failing_checks = [
    "q6-lstm-output",
    "q6-gru-output",
    "q6-lstm-padding",
    "q6-gru-padding",
    "q6-lstm",
    "q6-gru",
]
kind = "config"
message_part = "wrong activation"
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
            keras.layers.Dense(1, activation="softmax"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
