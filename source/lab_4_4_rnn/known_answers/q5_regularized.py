"""
question = "q5"
misconception = "A regularizer never hurts."
truth = "It adds a term to the loss that pulls the weights toward zero; the question asks for none."
failing_checks = ["q5-recurrent"]
undecided_checks = ["q5-order"]
kind = "config"
message_part = "kernel_regularizer"
"""

def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = keras.Sequential(
        [
            keras.Input((max_length,)),
            keras.layers.Embedding(vocab_size, embed_dim, mask_zero=True),
            keras.layers.SimpleRNN(units, kernel_regularizer="l2"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
