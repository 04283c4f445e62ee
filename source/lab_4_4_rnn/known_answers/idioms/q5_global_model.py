"""
question = "q5"
seen = "notebooks with one global model"
failing_checks = ["q5-layers", "q5-params", "q5-mask", "q5-recurrent", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
true_beliefs = ["A function gives back what it made last."]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    global model
    model = keras.Sequential([
        keras.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
