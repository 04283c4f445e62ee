"""
question = "q7"
seen = "beginners' code that prints its result"
failing_checks = ["q7-simple", "q7-lstm", "q7-gru", "q7-int", "q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes", "q7-formula"]
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    print(kind, sets * units * (input_dim + units + biases))
