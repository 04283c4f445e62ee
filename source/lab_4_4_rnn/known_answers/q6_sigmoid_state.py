"""
question = "q6"
misconception = "A gated layer has sigmoids everywhere."
truth = "Only the gates are sigmoids; the content and the state pass through tanh."
failing_checks = ["q6-lstm-settings", "q6-gru-settings"]
undecided_checks = ["q6-lstm", "q6-gru"]
kind = "config"
message_part = "activation of LSTM"
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
            layer(units, activation="sigmoid", dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
