"""
question = "q6"
misconception = "The loss turns any number into a probability."
truth = "Unless told otherwise, the loss takes its input for a probability already; the last layer has to make it one."
failing_checks = ["q6-lstm-output", "q6-gru-output", "q6-lstm-padding", "q6-gru-padding", "q6-gru"]
undecided_checks = ["q6-lstm"] # 0.82, 0.80, 0.61 under seeds 42, 1, 2; the threshold is 0.75
kind = "config"
message_part = "wrong activation"
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
    outputs = keras.layers.Dense(1, activation="linear")(state)
    model = keras.Model(words, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
