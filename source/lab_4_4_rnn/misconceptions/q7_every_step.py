"""
question = "q7"
belief = "Each time step has weights of its own."
fails = ["q7-lab", "q7-sizes", "q7-formula"]
kind = "count"
says = "the count for"
"""

def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    bias = 2 * units if kind == "gru" else units
    per_step = gates * (input_dim * units + units * units + bias)
    return per_step * max_length
