"""
question = "q3"
misconception = "An average over zeros as well is as good."
truth = "Padding then pulls the average of a short review toward the vector of the id 0; a mask leaves it out."
failing_checks = ["q3-mask", "q3-padding"]
kind = "behaviour"
message_part = "padding zeros change"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
