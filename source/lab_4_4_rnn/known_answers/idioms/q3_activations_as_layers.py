"""
question = "q3"
seen = "Keras examples of the first years"
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.Input(shape=[max_length]))
    model.add(keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True))
    model.add(keras.layers.GlobalAveragePooling1D(data_format="channels_last"))
    model.add(keras.layers.Dense(hidden_units))
    model.add(keras.layers.ReLU())
    model.add(keras.layers.Dense(1))
    model.add(keras.layers.Activation("sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
