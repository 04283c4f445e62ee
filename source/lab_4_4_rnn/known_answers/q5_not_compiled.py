"""
question = "q5"
misconception = "A model is ready when its layers are there."
truth = "Before it can be trained, a model must be told its loss, its optimizer and its metrics."
failing_checks = ["q5-compiled", "q5-order"]
kind = "config"
message_part = "not compiled"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    return keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
