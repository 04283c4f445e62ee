"""
question = "q5"
misconception = "Embedding takes the size of the vectors first."
truth = "An Embedding is a table with a row per id: the number of rows comes first, the length of a row second."
failing_checks = ["q5-params", "q5-sizes", "q5-order"]
kind = "params"
message_part = "SimpleRNN has the wrong size"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.Input((max_length,)))
    model.add(keras.layers.Embedding(output_dim=vocab_size, input_dim=embed_dim, mask_zero=True))
    model.add(keras.layers.SimpleRNN(units))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
