"""
question = "q5"
misconception = "A class called SimpleRNN is a SimpleRNN."
failing_checks = []
review_checks = [
    "q5-layers",
    "q5-params",
    "q5-recurrent",
    "q5-output",
    "q5-sizes",
    "q5-padding",
    "q5-order",
]
kind = "types"
message_part = "SimpleRNN (your own code)"
"""


class SimpleRNN(keras.layers.Dense):
    pass


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
