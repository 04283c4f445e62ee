"""
question = "q3"
misconception = "Dense sums up the words by itself."
truth = "Dense treats each word by itself and returns as many rows as it gets; a layer before it must make one vector per review."
failing_checks = ["q3-layers", "q3-output", "q3-padding", "q3-accuracy"]
kind = "shape"
message_part = "one result per sequence"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
