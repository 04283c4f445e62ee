"""
question = "q5"
misconception = "Dropout belongs at the very end."
truth = "Dropout after the output would erase predictions; the question has no such layer."
failing_checks = ["q5-layers", "q5-output"]
kind = "order"
message_part = "too many layers"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
            keras.layers.Dropout(0.2),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
