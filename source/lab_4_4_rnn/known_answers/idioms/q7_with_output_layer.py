"""
question = "q7"
seen = "answers that copy the total of summary()"
failing_checks = ["q7-simple", "q7-lstm", "q7-gru", "q7-simple-sizes", "q7-lstm-sizes", "q7-gru-sizes"]
"""

def rnn_params(kind, input_dim, units):
    sets, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[kind]
    recurrent = sets * units * (input_dim + units + biases)
    dense = units + 1
    return recurrent + dense
