"""
question = "q6"
misconception = "The functional style, the layer's class found by its name."
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind not in ("lstm", "gru"):
        raise ValueError(f"kind must be 'lstm' or 'gru', not {kind!r}")
    layer = getattr(keras.layers, kind.upper())
    words = keras.Input(shape=(max_length,), dtype="int32")
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    state = layer(units, dropout=dropout, recurrent_dropout=0)(vectors)
    positive = keras.layers.Dense(1, activation="sigmoid")(state)
    model = keras.Model(inputs=words, outputs=positive, name=f"{kind.upper()}_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
