"""
question = "q7"
misconception = "Counting means building it and looking."
truth = "The count follows from the shapes of the weights, so it can be computed for a layer that fits into no memory."
failing_checks = ["q7-formula"]
kind = "count"
message_part = "more memory than is available"
"""

def rnn_params(kind, input_dim, units):
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    layer = kinds[kind](units)
    layer.build((None, None, input_dim))
    return layer.count_params()
