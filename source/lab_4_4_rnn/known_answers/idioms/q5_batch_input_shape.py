"""
question = "q5"
seen = "stateful networks of the first years of Keras"
failing_checks = ["q5-layers", "q5-params", "q5-mask", "q5-recurrent", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
message_part = "batch_input_shape"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential([
        keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, batch_input_shape=(None, max_length)),
        keras.layers.SimpleRNN(units),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
