"""
question = "q3"
seen = "text classification tutorials of TensorFlow"
failing_checks = []
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    model = tf.keras.Sequential([
        tf.keras.Input(shape=(max_length,), dtype="int64", name="tokens"),
        tf.keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True, name="embedding"),
        tf.keras.layers.GlobalAveragePooling1D(name="pooling"),
        tf.keras.layers.Dense(16, activation=tf.nn.relu),
        tf.keras.layers.Dense(1, activation=tf.nn.sigmoid),
    ])
    model.compile(
        loss=tf.keras.losses.BinaryCrossentropy(),
        optimizer="adam",
        metrics=[tf.keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.5)],
    )
    return model
