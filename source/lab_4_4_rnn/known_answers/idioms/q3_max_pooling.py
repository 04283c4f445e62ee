"""
question = "q3"
seen = "text notebooks of competitions"
failing_checks = ["q3-layers", "q3-padding"]
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    inp = keras.layers.Input(shape=(max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inp)
    x = keras.layers.GlobalMaxPool1D()(x)
    x = keras.layers.Dense(hidden_units, activation="relu")(x)
    outp = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.models.Model(inputs=inp, outputs=outp)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
