"""
question = "q7"
belief = "Counting means building it and looking."
fails = ["q7-formula"]
kind = "count"
says = "computed"
"""

def rnn_params(kind, input_dim, units):
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    layer = kinds[kind](units)
    layer.build((None, None, input_dim))
    return layer.count_params()
