"""
question = "q5"
misconception = "Every hidden layer takes relu."
truth = "A recurrent layer of Keras has tanh unless told otherwise: it keeps the state between -1 and 1, however many steps there are."
failing_checks = ["q5-recurrent"]
undecided_checks = ["q5-order"]
kind = "config"
message_part = "activation of SimpleRNN"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
