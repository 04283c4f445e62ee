"""
question = "q6"
misconception = "Gates cope with padding; a mask is only for SimpleRNN."
truth = "Over many zeros the gates forget as well: a padded review needs a mask with every recurrent layer."
failing_checks = [
    "q6-lstm-settings",
    "q6-gru-settings",
    "q6-lstm-padding",
    "q6-gru-padding",
    "q6-lstm",
    "q6-gru",
]
kind = "config"
message_part = "erases the memory"
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
            keras.layers.Embedding(vocab_size, embed_dim),
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
