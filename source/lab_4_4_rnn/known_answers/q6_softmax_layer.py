"""
question = "q6"
misconception = "Two classes need two outputs."
truth = "One probability suffices for two classes: that of the other one is the rest to 1."
failing_checks = [
    "q6-lstm-params",
    "q6-lstm-output",
    "q6-gru-params",
    "q6-gru-output",
    "q6-lstm",
    "q6-gru",
]
kind = "shape"
message_part = "wrong shape"
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
    outputs = keras.layers.Dense(2, "softmax")(state)
    model = keras.Model(words, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer=keras.optimizers.Adam(), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model
