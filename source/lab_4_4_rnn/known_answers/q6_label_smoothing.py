"""
question = "q6"
misconception = "Smoothed labels are part of binary cross-entropy."
truth = "Smoothing is a setting that changes the labels; unless it is asked for, they stay 0 and 1."
failing_checks = ["q6-lstm-output", "q6-gru-output"]
kind = "config"
message_part = "label_smoothing"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    loss = keras.losses.BinaryCrossentropy(label_smoothing=0.1)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model
