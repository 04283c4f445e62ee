"""
question = "q6"
seen = "answers with a function for each network"
failing_checks = []
"""

def build_lstm(vocab_size, embed_dim, units, max_length, dropout):
    return keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.LSTM(units, dropout=dropout, implementation=2),
        keras.layers.Dense(1, activation="sigmoid"),
    ], name="LSTM_Model")


def build_gru(vocab_size, embed_dim, units, max_length, dropout):
    return keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.GRU(units, dropout=dropout, reset_after=True, recurrent_activation="sigmoid"),
        keras.layers.Dense(1, activation="sigmoid"),
    ], name="GRU_Model")


builders = {"lstm": build_lstm, "gru": build_gru}


def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    try:
        model = builders[kind](vocab_size, embed_dim, units, max_length, dropout)
    except KeyError as error:
        raise ValueError(f"kind must be one of {list(builders)}") from error
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")])
    return model
