"""
question = "q5"
misconception = "The size of the word vectors is up to me."
truth = "The sizes are arguments of the function, and the question says which of them sets the word vectors."
failing_checks = ["q5-params", "q5-sizes"]
kind = "params"
message_part = "Embedding has the wrong size"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, 64, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
