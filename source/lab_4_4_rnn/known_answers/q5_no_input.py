"""
question = "q5"
misconception = "input_length tells the model what it reads."
truth = "Keras 3 ignores it; a model knows its input from a layer of its own at the start."
failing_checks = ["q5-params", "q5-output", "q5-sizes", "q5-padding", "q5-order"]
kind = "config"
message_part = "keras.Input"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
