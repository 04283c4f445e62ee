"""
question = "q3"
seen = "Keras books: from keras import layers, models"
failing_checks = []
"""

from tensorflow.keras import layers, models


def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    network = models.Sequential()
    network.add(layers.InputLayer(shape=(max_length,)))
    network.add(layers.Embedding(input_dim=vocab_size, output_dim=embed_dim, mask_zero=True))
    network.add(layers.GlobalAveragePooling1D())
    network.add(layers.Dense(hidden_units, activation="relu"))
    network.add(layers.Dense(1, activation="sigmoid"))
    network.summary()
    network.compile(optimizer="adam", loss="binary_crossentropy", metrics=["acc"])
    return network
