"""
question = "q5"
seen = "the first recurrent example of Keras books, fitted to Keras 3"
failing_checks = []
"""

from keras.layers import Dense, Embedding, Input, SimpleRNN
from keras.models import Sequential


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    model = Sequential()
    model.add(Input(shape=(max_length,), dtype="int32"))
    model.add(Embedding(vocab_size, embed_dim, mask_zero=True))
    model.add(SimpleRNN(units, input_shape=(max_length, embed_dim)))
    model.add(Dense(1))
    model.add(keras.layers.Activation("sigmoid"))
    print(model.summary())
    model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["acc"])
    return model
