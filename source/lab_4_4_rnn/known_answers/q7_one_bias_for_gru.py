"""
question = "q7"
misconception = "A GRU has one bias per gate, like an LSTM."
failing_checks = ["q7-lab", "q7-sizes", "q7-formula"]
kind = "count"
message_part = "the count for gru"
"""

def rnn_params(kind, input_dim, units):
    sets = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    return sets * units * (input_dim + units + 1)
