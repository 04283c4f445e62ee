"""
question = "q5"
misconception = "A recurrent network need not know the length of its input."
truth = "It can read any length, but the question asks for an input of the given length, and the checks build the network for several."
failing_checks = ["q5-params", "q5-sizes"]
kind = "shape"
message_part = "input has the wrong shape"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
