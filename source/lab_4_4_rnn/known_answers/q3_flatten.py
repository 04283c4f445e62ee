"""
question = "q3"
misconception = "Flatten is a kind of pooling."
truth = "Flatten keeps every number and gives each place in the review its own weights; pooling sums up over the places."
failing_checks = ["q3-layers", "q3-params", "q3-mask", "q3-padding"]
kind = "types"
message_part = "layer 2"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim),
            keras.layers.Flatten(),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
