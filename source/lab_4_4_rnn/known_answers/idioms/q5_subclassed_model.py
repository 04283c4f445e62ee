"""
question = "q5"
seen = "Keras' guide to subclassed models"
failing_checks = []
review_checks = ["q5-layers", "q5-params", "q5-mask", "q5-recurrent", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
"""


class SentimentRNN(keras.Model):
    def __init__(self, vocab_size, embed_dim, units):
        super().__init__()
        self.embed = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)
        self.rnn = keras.layers.SimpleRNN(units)
        self.classify = keras.layers.Dense(1, activation="sigmoid")

    def call(self, ids, training=None):
        vectors = self.embed(ids)
        return self.classify(self.rnn(vectors, training=training))


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = SentimentRNN(vocab_size, embed_dim, units)
    model.build((None, max_length))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
