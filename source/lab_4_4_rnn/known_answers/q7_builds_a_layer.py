"""
question = "q7"
misconception = "Counting means building it and looking."
failing_checks = ["q7-formula"]
kind = "count"
message_part = "more memory than is available"
"""

def rnn_params(kind, input_dim, units):
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    layer = kinds[kind](units)
    layer.build((None, None, input_dim))
    return layer.count_params()
