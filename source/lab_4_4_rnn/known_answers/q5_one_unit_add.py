"""
question = "q5"
misconception = "One answer per review needs one recurrent unit."
truth = "The number of units is the size of the memory; the layer after it makes the one answer."
failing_checks = ["q5-params", "q5-sizes", "q5-order"]
kind = "params"
message_part = "SimpleRNN has the wrong size"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential()
    model.add(keras.Input((max_length,)))
    model.add(keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True))
    model.add(keras.layers.SimpleRNN(1, activation="tanh"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
