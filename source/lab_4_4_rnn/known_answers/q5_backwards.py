"""
question = "q5"
misconception = "The last words are what matters, so they are read first."
truth = "Reading backward begins with the padding of a short review; the question asks for a layer that reads forward."
failing_checks = ["q5-recurrent"]
undecided_checks = ["q5-order"]
kind = "config"
message_part = "go_backwards"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units, go_backwards=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
