"""
question = "q5"
misconception = "The network notices by itself that zeros mean nothing."
truth = "To a recurrent layer the id 0 is a word like any other, unless a mask says which steps to skip."
failing_checks = ["q5-mask", "q5-padding"]
kind = "behaviour"
message_part = "skip the id 0"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)(words)
    state = keras.layers.SimpleRNN(units)(vectors)
    model = keras.Model(words, keras.layers.Dense(1, activation="sigmoid")(state))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["acc"])
    return model
