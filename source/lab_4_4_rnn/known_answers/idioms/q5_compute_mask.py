"""
question = "q5"
seen = "TensorFlow's guide to masking"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    tokens = keras.Input(shape=(max_length,))
    embedding = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)
    vectors = embedding(tokens)
    state = keras.layers.SimpleRNN(units)(vectors, mask=embedding.compute_mask(tokens))
    model = keras.Model(tokens, keras.layers.Dense(1, activation="sigmoid")(state))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
