"""
question = "q3"
seen = "notebooks from before Keras 3"
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.models.Sequential([
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, input_shape=(max_length,)),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(hidden_units, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss=keras.losses.binary_crossentropy, metrics=["binary_accuracy"])
    return model
