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
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer(units, dropout=dropout),
            keras.layers.Dense(1),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
