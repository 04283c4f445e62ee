"""
question = "q5"
seen = "text classification with recurrent networks in TensorFlow's tutorials"
failing_checks = ["q5-layers", "q5-params", "q5-recurrent", "q5-sizes"]
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = tf.keras.Sequential([
        tf.keras.Input(shape=(max_length,)),
        tf.keras.layers.Embedding(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True),
        tf.keras.layers.Bidirectional(tf.keras.layers.SimpleRNN(units)),
        tf.keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
