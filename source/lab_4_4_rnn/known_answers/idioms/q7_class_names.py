"""
question = "q7"
seen = "answers that expect the names of Keras' classes"
failing_checks = ["q7-simple", "q7-lstm", "q7-gru", "q7-int", "q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes", "q7-formula"]
"""

def rnn_params(kind, input_dim, units):
    if kind == "SimpleRNN":
        total = units * (input_dim + units + 1)
    elif kind == "LSTM":
        total = 4 * units * (input_dim + units + 1)
    elif kind == "GRU":
        total = 3 * units * (input_dim + units + 2)
    return total
