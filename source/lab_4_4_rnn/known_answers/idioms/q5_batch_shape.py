"""
question = "q5"
seen = "Keras 3 notebooks that name the batch axis"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.layers.InputLayer(batch_shape=(None, max_length)))
    for layer in [
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ]:
        model.add(layer)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
