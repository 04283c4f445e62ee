"""
question = "q7"
seen = "answers that ask Keras"
failing_checks = ["q7-formula"]
true_beliefs = ["Counting means building it and looking."]
"""

def rnn_params(kind, input_dim, units):
    layers = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    model = keras.Sequential([keras.Input(shape=(None, input_dim)), layers[kind](units)])
    return model.count_params()
