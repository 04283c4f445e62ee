"""
question = "q6"
misconception = "Dropout of a recurrent layer acts between its time steps."
truth = "There are two kinds: one drops inputs, the other acts on the state between steps, and each has its own argument."
failing_checks = ["q6-lstm-settings", "q6-gru-settings", "q6-lstm-sizes", "q6-gru-sizes", "q6-gru"]
kind = "config"
message_part = "argument for it"
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
            layer(units, recurrent_dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
