"""
question = "q6"
misconception = "Accuracy is always reported."
truth = "Keras reports the loss and, beyond it, only the metrics that it is told."
failing_checks = ["q6-lstm-output", "q6-gru-output"]
kind = "config"
message_part = "metric that the lab uses"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    if kind == "lstm":
        state = keras.layers.LSTM(units, dropout=dropout)(vectors)
    elif kind == "gru":
        state = keras.layers.GRU(units, dropout=dropout)(vectors)
    else:
        raise ValueError("unknown kind")
    outputs = keras.layers.Dense(1, activation="sigmoid")(state)
    model = keras.Model(words, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[])
    return model
