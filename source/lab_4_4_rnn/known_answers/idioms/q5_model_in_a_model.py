"""
question = "q5"
seen = "answers that split a network into encoder and classifier"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    encoder = keras.Sequential([
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
    ], name="encoder")
    model = keras.Sequential([keras.Input(shape=(max_length,)), encoder, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
