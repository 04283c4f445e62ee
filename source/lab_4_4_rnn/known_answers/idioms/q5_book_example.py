"""
question = "q5"
seen = "the first recurrent example of Keras books"
failing_checks = ["q5-params", "q5-mask", "q5-output", "q5-compiled", "q5-sizes", "q5-padding", "q5-order"]
"""

from keras.layers import Dense, Embedding, SimpleRNN
from keras.models import Sequential


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = Sequential()
    model.add(Embedding(vocab_size, embed_dim))
    model.add(SimpleRNN(units))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
    return model
