"""
question = "q3"
misconception = "An InputLayer and classes instead of names."
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.models.Sequential()
    model.add(keras.layers.InputLayer(shape=(max_length,)))
    model.add(keras.layers.Embedding(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True))
    model.add(keras.layers.GlobalAveragePooling1D(name="mean"))
    model.add(keras.layers.Dense(hidden_units, keras.activations.relu))
    model.add(keras.layers.Dense(1, keras.activations.sigmoid))
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
    )
    return model
