"""
question = "q7"
seen = "answers that list Keras' weight arrays"
failing_checks = []
"""

from math import prod


def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "gru": 3, "lstm": 4}[kind]
    kernel = (input_dim, gates * units)
    recurrent_kernel = (units, gates * units)
    bias = (2, gates * units) if kind == "gru" else (gates * units,)
    return sum(prod(shape) for shape in (kernel, recurrent_kernel, bias))
