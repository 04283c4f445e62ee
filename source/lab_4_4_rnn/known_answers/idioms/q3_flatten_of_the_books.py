"""
question = "q3"
seen = "the first Embedding example of Keras books"
failing_checks = ["q3-layers", "q3-params", "q3-mask", "q3-activations", "q3-compiled", "q3-padding", "q3-accuracy"]
true_beliefs = ["Flatten is a kind of pooling."]
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.Input(shape=(max_length,)))
    model.add(keras.layers.Embedding(vocab_size, embed_dim))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
    return model
