"""
question = "q5"
seen = "Keras books that compare one-hot vectors with an Embedding"
failing_checks = ["q5-layers", "q5-params", "q5-mask", "q5-sizes", "q5-padding"]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    inputs = keras.Input(shape=(max_length,), dtype="int64")
    vectors = keras.ops.one_hot(inputs, vocab_size)
    x = keras.layers.SimpleRNN(units)(vectors)
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
