"""
question = "q7"
misconception = "A GRU has one bias per gate, like an LSTM."
truth = "Keras' GRU keeps two biases per set of weights, one for the input and one for the state."
failing_checks = ["q7-gru", "q7-gru-sizes"]
kind = "count"
message_part = "the count for gru"
"""

def rnn_params(kind, input_dim, units):
    cell = input_dim * units + units * units + units
    if kind == "lstm":
        return 4 * cell
    if kind == "gru":
        return 3 * cell
    return cell
