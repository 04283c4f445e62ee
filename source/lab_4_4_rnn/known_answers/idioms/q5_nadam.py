"""
question = "q5"
seen = "answers that try another optimizer"
failing_checks = ["q5-compiled"]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="nadam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
