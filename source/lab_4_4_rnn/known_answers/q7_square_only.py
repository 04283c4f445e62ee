"""
question = "q7"
misconception = "The input is as wide as the state."
truth = "The width of the input and the number of units are two sizes, and each sets the shape of another matrix."
failing_checks = ["q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes"]
kind = "count"
message_part = "different parts"
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    return sets * units * (2 * units + biases)
