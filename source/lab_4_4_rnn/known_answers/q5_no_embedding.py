"""
question = "q5"
misconception = "A recurrent layer can read ids."
truth = "A recurrent layer reads a vector per step; a layer before it must turn each id into one."
failing_checks = [
    "q5-layers",
    "q5-params",
    "q5-mask",
    "q5-recurrent",
    "q5-output",
    "q5-compiled",
    "q5-sizes",
    "q5-padding",
    "q5-order",
]
kind = "translated"
message_part = "Embedding layer makes the numbers"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.SimpleRNN(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
