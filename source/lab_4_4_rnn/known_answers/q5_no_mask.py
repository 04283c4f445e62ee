"""
question = "q5"
misconception = "The network notices by itself that zeros mean nothing."
truth = "To a recurrent layer the id 0 is a word like any other, unless a mask says which steps to skip."
failing_checks = ["q5-mask", "q5-padding"]
kind = "behaviour"
message_part = "skip the id 0"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
