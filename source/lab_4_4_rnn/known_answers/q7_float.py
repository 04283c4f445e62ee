"""
question = "q7"
misconception = "2080.0 is the number 2080."
truth = "A count is a whole number; a division or a float on the way makes it another type, which is inexact when large."
failing_checks = ["q7-int"]
kind = "type"
message_part = "wrong type"
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    return sets * (units * input_dim + units**2 + biases * units) / 1
