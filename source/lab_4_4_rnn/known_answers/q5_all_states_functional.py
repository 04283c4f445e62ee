"""
question = "q5"
misconception = "All states are better than the last one."
truth = "The classifier needs one vector per review, and the last state has read all of it."
failing_checks = ["q5-recurrent", "q5-output", "q5-padding", "q5-order"]
kind = "shape"
message_part = "one per sequence"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    words = keras.Input((max_length,))
    vectors = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    states = keras.layers.SimpleRNN(units, activation="tanh", return_sequences=True)(vectors)
    outputs = keras.layers.Dense(units=1, activation="sigmoid")(states)
    model = keras.Model(words, outputs)
    model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["accuracy"])
    return model
