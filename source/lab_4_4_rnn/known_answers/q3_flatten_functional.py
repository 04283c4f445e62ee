"""
question = "q3"
misconception = "Flatten is a kind of pooling."
truth = "Flatten keeps every number and gives each place in the review its own weights; pooling sums up over the places."
failing_checks = ["q3-layers", "q3-params", "q3-padding"]
kind = "types"
message_part = "layer 2"
"""

def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):
    words = keras.Input((max_length,))
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True)(words)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(hidden_units, "relu")(x)
    x = keras.layers.Dense(1, "sigmoid")(x)
    model = keras.Model(inputs=words, outputs=x)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model
