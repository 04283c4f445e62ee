"""
question = "q7"
belief = "Each time step has weights of its own."
fails = ["q7-lab", "q7-sizes", "q7-formula"]
kind = "count"
says = "the count for"
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    return max_length * sets * units * (input_dim + units + biases)
