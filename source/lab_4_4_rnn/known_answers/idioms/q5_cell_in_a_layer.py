"""
question = "q5"
seen = "TensorFlow's guide to recurrent networks"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    cell = keras.layers.SimpleRNNCell(units)
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.RNN(cell),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
