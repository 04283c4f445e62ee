"""
question = "q5"
seen = "Keras' old example of rectified recurrent networks"
failing_checks = ["q5-recurrent"]
true_beliefs = ["Every hidden layer takes relu."]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units, activation="relu", recurrent_initializer=keras.initializers.Identity(gain=1.0)),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
