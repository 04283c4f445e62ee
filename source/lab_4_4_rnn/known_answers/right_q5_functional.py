"""
question = "q5"
misconception = "The functional API with named layers and a loss function."
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    ids = keras.Input(shape=(max_length,), name="ids")
    words = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, name="words")(ids)
    memory = keras.layers.SimpleRNN(units, name="memory")(words)
    answer = keras.layers.Dense(1, activation="sigmoid", name="answer")(memory)
    model = keras.Model(ids, answer, name="my_first_rnn")
    model.compile(keras.optimizers.Adam(), keras.losses.binary_crossentropy, metrics=["acc"])
    return model
