"""
question = "q3"
misconception = "Only the last layer needs an activation."
truth = "Without an activation in between, two Dense layers can do no more than one."
failing_checks = ["q3-activations"]
kind = "config"
message_part = "activation of Dense"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(hidden_units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
