"""
question = "q5"
misconception = "A larger learning rate is only faster."
truth = "A larger rate may overshoot and never settle; the question asks for the optimizer with its own rate."
failing_checks = ["q5-compiled"]
undecided_checks = ["q5-order"]
kind = "config"
message_part = "learning_rate"
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
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    return model
