"""
question = "q5"
seen = "text notebooks of competitions"
failing_checks = ["q5-layers", "q5-recurrent"]
true_beliefs = ["All states are better than the last one."]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    inp = keras.Input(shape=(max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(inp)
    x = keras.layers.SimpleRNN(units, return_sequences=True)(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    x = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs=inp, outputs=x)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
