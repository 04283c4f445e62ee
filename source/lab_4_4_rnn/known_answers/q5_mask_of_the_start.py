"""
question = "q5"
misconception = "A mask marks where a review starts."
truth = "The mask says which places hold no word; a review's start is a word like the others."
failing_checks = ["q5-padding"]
undecided_checks = ["q5-order"]
kind = "behaviour"
message_part = "padding zeros change"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    state = keras.layers.SimpleRNN(units)(vectors, mask=keras.ops.not_equal(words, 1))
    model = keras.Model(words, keras.layers.Dense(1, activation="sigmoid")(state))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
