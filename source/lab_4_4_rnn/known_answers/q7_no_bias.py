"""
question = "q7"
misconception = "Weights are the matrices; a bias is no weight."
truth = "A bias is learned like every other weight, and Keras counts it."
failing_checks = ["q7-simple", "q7-lstm", "q7-gru", "q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes"]
kind = "count"
message_part = "the count for"
"""

def rnn_params(kind, input_dim, units):
    sets = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    return sets * units * (input_dim + units)
