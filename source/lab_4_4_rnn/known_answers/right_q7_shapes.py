"""
question = "q7"
misconception = "The sizes of the three weight arrays, added up."
failing_checks = []
"""

def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    kernel = input_dim * gates * units
    recurrent_kernel = units * gates * units
    bias = (2 if kind == "gru" else 1) * gates * units
    return kernel + recurrent_kernel + bias
