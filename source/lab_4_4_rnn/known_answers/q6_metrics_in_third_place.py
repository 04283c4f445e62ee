"""
question = "q6"
misconception = "compile takes optimizer, loss and metrics in this order."
truth = "The third place belongs to another argument, so the metrics have to be given by name."
failing_checks = ["q6-lstm-output", "q6-gru-output", "q6-lstm", "q6-gru"]
kind = "config"
message_part = "metric that the lab uses"
"""

def build_gated_rnn(
    kind, vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length, dropout=dropout
):
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}.get(kind)
    if layer is None:
        raise ValueError(kind)
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            layer(units, dropout=dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"{kind.upper()}_Model",
    )
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    return model
