"""
question = "q5"
misconception = "A recurrent layer needs one unit per time step."
truth = "Its units are the size of the state; the same weights serve every step, however many there are."
failing_checks = ["q5-params", "q5-sizes", "q5-padding"]
kind = "params"
message_part = "SimpleRNN has the wrong size"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(max_length),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
