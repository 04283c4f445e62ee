"""
question = "q3"
seen = "notebooks from before Keras 3"
failing_checks = ["q3-params", "q3-output", "q3-sizes", "q3-padding", "q3-accuracy"]
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.layers.Embedding(vocab_size, embed_dim, input_length=max_length, mask_zero=True))
    model.add(keras.layers.GlobalAveragePooling1D())
    model.add(keras.layers.Dense(hidden_units, activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
