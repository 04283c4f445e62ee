"""
question = "q5"
seen = "machine learning textbooks that preset layers with functools.partial"
failing_checks = []
"""

from functools import partial

RecurrentLayer = partial(keras.layers.SimpleRNN, activation="tanh", return_sequences=False)


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = tf.keras.Sequential([
        tf.keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        RecurrentLayer(units),
        tf.keras.layers.Dense(1, activation=tf.sigmoid),
    ])
    model.build(input_shape=[None, max_length])
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model
