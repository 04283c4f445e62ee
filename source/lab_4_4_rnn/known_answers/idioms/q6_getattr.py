"""
question = "q6"
seen = "answers that look the layer up by its name"
failing_checks = []
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    if kind.lower() not in {"lstm", "gru"}:
        raise ValueError("kind must be lstm or gru")
    RNN = getattr(tf.keras.layers, kind.upper())
    inputs = tf.keras.Input(shape=(max_length,), dtype=tf.int32)
    x = tf.keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inputs)
    x = RNN(units, dropout=dropout)(x)
    outputs = tf.keras.layers.Dense(1, activation="sigmoid")(x)
    model = tf.keras.Model(inputs=inputs, outputs=outputs, name=kind.upper() + "_Model")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
