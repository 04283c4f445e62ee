"""
question = "q3"
misconception = "The functional style builds the same network."
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    mean = keras.layers.GlobalAveragePooling1D()(vectors)
    hidden = keras.layers.Dense(hidden_units, activation="relu")(mean)
    model = keras.Model(words, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model
