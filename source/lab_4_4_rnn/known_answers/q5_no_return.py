"""
question = "q5"
misconception = "A function gives back what it made last."
truth = "A Python function returns only what its return statement names, otherwise None."
failing_checks = ["q5-layers", "q5-params", "q5-mask", "q5-recurrent", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
kind = "behaviour"
message_part = "returned None: end it with"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
