"""
question = "q5"
seen = "notebooks prepared for a TPU"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    strategy = tf.distribute.get_strategy()
    with strategy.scope():
        model = keras.Sequential(name="rnn_model")
        model.add(keras.Input(shape=(max_length,), dtype="int32", name="input_ids"))
        model.add(keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, name="word_vectors"))
        model.add(keras.layers.SimpleRNN(units, name="reader"))
        model.add(keras.layers.Dense(1, activation="sigmoid", name="sentiment"))
        model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=False), metrics=["accuracy"])
    return model
