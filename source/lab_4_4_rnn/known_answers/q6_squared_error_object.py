"""
question = "q6"
misconception = "Squared error is the loss of every network."
truth = "It suits numbers; for a probability and a class, cross-entropy punishes confident mistakes far more."
failing_checks = ["q6-lstm-output", "q6-gru-output"]
kind = "config"
message_part = "wrong loss"
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
    model.compile(optimizer="adam", loss=keras.losses.MeanSquaredError(), metrics=["accuracy"])
    return model
