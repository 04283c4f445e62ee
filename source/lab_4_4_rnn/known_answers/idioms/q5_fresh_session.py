"""
question = "q5"
seen = "notebooks that clear the session before each model"
failing_checks = []
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    keras.backend.clear_session()
    np.random.seed(42)
    tf.random.set_seed(42)
    rnn = keras.layers.SimpleRNN(
        units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", unroll=True
    )
    model = keras.models.Sequential([
        keras.layers.Input(shape=(max_length,)),
        keras.layers.Embedding(vocab_size, embed_dim, embeddings_initializer="uniform", mask_zero=True),
        rnn,
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"], run_eagerly=False)
    return model
