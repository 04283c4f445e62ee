"""
question = "q7"
misconception = "Each time step has weights of its own."
failing_checks = ["q7-lab", "q7-sizes", "q7-formula"]
kind = "count"
message_part = "the count for"
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    return max_length * sets * units * (input_dim + units + biases)
