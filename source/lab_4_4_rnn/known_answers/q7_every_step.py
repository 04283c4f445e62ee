"""
question = "q7"
misconception = "Each time step has weights of its own."
truth = "All time steps share the same weights, so their number does not depend on the length."
failing_checks = ["q7-simple", "q7-lstm", "q7-gru", "q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes"]
kind = "count"
message_part = "the count for"
"""

def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    bias = 2 * units if kind == "gru" else units
    per_step = gates * (input_dim * units + units * units + bias)
    return per_step * max_length
