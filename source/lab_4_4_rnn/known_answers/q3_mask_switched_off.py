"""
question = "q3"
misconception = "An average over zeros as well is as good."
truth = "Padding then pulls the average of a short review toward the vector of the id 0; a mask leaves it out."
failing_checks = ["q3-mask", "q3-padding"]
kind = "behaviour"
message_part = "padding zeros change"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    words = keras.Input(shape=(max_length,), name="words")
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=False, name="vectors")(words)
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(vectors)
    hidden = keras.layers.Dense(hidden_units, activation="relu", name="hidden")(mean)
    positive = keras.layers.Dense(1, activation="sigmoid", name="positive")(hidden)
    model = keras.Model(words, positive)
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model
