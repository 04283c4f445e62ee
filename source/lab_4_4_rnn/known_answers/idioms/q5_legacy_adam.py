"""
question = "q5"
seen = "notebooks written on a Mac"
failing_checks = ["q5-layers", "q5-params", "q5-mask", "q5-recurrent", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer=keras.optimizers.legacy.Adam(learning_rate=0.001), loss="binary_crossentropy", metrics=["accuracy"])
    return model
