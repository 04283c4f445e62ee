"""
question = "q3"
seen = "Keras' guide to the Sequential model"
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential([
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(hidden_units, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.build((None, max_length))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
