"""
question = "q5"
misconception = "One add() per layer, an InputLayer first, objects instead of names."
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.layers.InputLayer(shape=(max_length,)))
    model.add(keras.layers.Embedding(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True))
    model.add(keras.layers.SimpleRNN(units, activation="tanh"))
    model.add(keras.layers.Dense(1, activation=keras.activations.sigmoid))
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
    )
    return model
