"""
question = "q6"
misconception = "LSTM and GRU are two names for one thing."
truth = "They are two layers with different gates and different numbers of weights."
failing_checks = ["q6-lstm-layers", "q6-lstm-params", "q6-lstm-settings", "q6-lstm-sizes"]
kind = "types"
message_part = "layer 2"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    if kind == "lstm":
        state = keras.layers.GRU(units, dropout=dropout)(vectors)
    elif kind == "gru":
        state = keras.layers.GRU(units, dropout=dropout)(vectors)
    else:
        raise ValueError("unknown kind")
    outputs = keras.layers.Dense(1, activation="sigmoid")(state)
    model = keras.Model(words, outputs, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
