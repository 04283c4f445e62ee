"""
question = "q7"
misconception = "A GRU has one bias per gate, like an LSTM."
truth = "Keras' GRU keeps two biases per set of weights, one for the input and one for the state."
failing_checks = ["q7-gru", "q7-gru-sizes"]
kind = "count"
message_part = "the count for gru"
"""

def rnn_params(kind, input_dim, units):
    sets = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    return sets * units * (input_dim + units + 1)
