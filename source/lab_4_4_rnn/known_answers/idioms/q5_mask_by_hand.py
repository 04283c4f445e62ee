"""
question = "q5"
seen = "machine learning textbooks that pass the mask themselves"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    tokens = keras.layers.Input(shape=[max_length], dtype="int32")
    mask = keras.ops.not_equal(tokens, 0)
    z = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(tokens)
    z = keras.layers.SimpleRNN(units)(z, mask=mask)
    output = keras.layers.Dense(1, activation="sigmoid")(z)
    model = keras.Model(inputs=[tokens], outputs=[output])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
