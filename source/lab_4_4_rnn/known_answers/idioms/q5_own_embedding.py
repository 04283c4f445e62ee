"""
question = "q5"
seen = "answers that derive a class from a layer of Keras"
failing_checks = []
review_checks = ["q5-layers", "q5-params", "q5-mask", "q5-output", "q5-sizes", "q5-padding", "q5-order"]
"""


class WordEmbedding(keras.layers.Embedding):
    def __init__(self, vocab_size, embed_dim, **kwargs):
        super().__init__(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True, **kwargs)


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    inputs = keras.Input(shape=(max_length,))
    x = WordEmbedding(vocab_size, embed_dim)(inputs)
    x = keras.layers.SimpleRNN(units)(x)
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
