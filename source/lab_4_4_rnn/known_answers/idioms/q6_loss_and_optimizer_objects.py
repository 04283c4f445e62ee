"""
question = "q6"
seen = "answers of programming assistants"
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"unknown kind: {kind}")
    layer = keras.layers.LSTM if kind == "lstm" else keras.layers.GRU

    model = keras.models.Sequential(name=f"{kind.upper()}_Model")
    model.add(keras.layers.Input(shape=(max_length,), name="token_ids"))
    model.add(keras.layers.Embedding(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True, name="embedding"))
    model.add(layer(units=units, dropout=dropout, recurrent_dropout=0.0, return_sequences=False, name=kind))
    model.add(keras.layers.Dense(units=1, activation=keras.activations.sigmoid, name="output"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=["accuracy", "precision", "recall"],
    )
    return model
