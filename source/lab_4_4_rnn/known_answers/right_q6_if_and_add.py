"""
question = "q6"
misconception = "One if per kind, add() for each layer."
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind == "lstm":
        recurrent = keras.layers.LSTM(units, dropout=dropout, name="lstm_layer")
    elif kind == "gru":
        recurrent = keras.layers.GRU(units, dropout=dropout, name="gru_layer")
    else:
        raise ValueError("lstm or gru, please")
    model = keras.Sequential(name=kind.upper() + "_Model")
    model.add(keras.Input((max_length,), dtype="int32"))
    model.add(keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True))
    model.add(recurrent)
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile("adam", keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
    model.summary()
    return model
