"""
question = "q6"
misconception = "An output above zero is positive."
truth = "The output is a probability: above zero it always is; the line between the classes lies at one half."
failing_checks = ["q6-lstm-output", "q6-gru-output"]
kind = "config"
message_part = "threshold"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[accuracy])
    return model
