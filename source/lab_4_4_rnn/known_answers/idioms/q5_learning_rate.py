"""
question = "q5"
seen = "text notebooks of competitions"
failing_checks = ["q5-compiled"]
true_beliefs = ["A larger learning rate is only faster."]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    optimizer = keras.optimizers.Adam(learning_rate=0.01, clipnorm=1.0)
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model
