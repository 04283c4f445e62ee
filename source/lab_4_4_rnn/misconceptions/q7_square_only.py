"""
question = "q7"
belief = "The input is as wide as the state."
fails = ["q7-sizes"]
kind = "count"
says = "different parts"
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    return sets * units * (2 * units + biases)
