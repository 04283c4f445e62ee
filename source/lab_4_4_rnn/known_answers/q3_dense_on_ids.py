"""
question = "q3"
misconception = "Ids are numbers, so a Dense layer can read them."
truth = "The id of a word is only its place in a list: twice the id does not mean twice as much of anything."
failing_checks = ["q3-layers", "q3-params", "q3-mask", "q3-sizes", "q3-padding", "q3-accuracy"]
kind = "types"
message_part = "layer 1"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
