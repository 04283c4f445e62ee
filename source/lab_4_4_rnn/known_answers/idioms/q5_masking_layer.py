"""
question = "q5"
seen = "answers that take Masking from time series to ids"
failing_checks = ["q5-layers", "q5-mask", "q5-padding"]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Masking(mask_value=0),
        keras.layers.Embedding(vocab_size, embed_dim),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
