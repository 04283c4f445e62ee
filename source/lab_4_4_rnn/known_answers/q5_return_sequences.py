"""
question = "q5"
misconception = "All states are better than the last one."
truth = "The classifier needs one vector per review, and the last state has read all of it."
failing_checks = ["q5-recurrent", "q5-output", "q5-padding", "q5-order"]
kind = "shape"
message_part = "one per sequence"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units, return_sequences=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
