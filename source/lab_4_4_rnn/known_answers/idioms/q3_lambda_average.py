"""
question = "q3"
seen = "answers that average with a Lambda layer"
failing_checks = []
review_checks = ["q3-layers", "q3-params", "q3-output", "q3-padding", "q3-accuracy"]
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.Lambda(lambda vectors: tf.reduce_mean(vectors, axis=1)),
        keras.layers.Dense(hidden_units, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
