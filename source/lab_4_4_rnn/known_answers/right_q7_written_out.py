"""
question = "q7"
misconception = "Shapes added up one by one."
failing_checks = []
"""

def rnn_params(kind, input_dim, units):
    kernel, recurrent = input_dim * units, units * units
    if kind == "simple_rnn":
        return kernel + recurrent + units
    if kind == "lstm":
        return 4 * (kernel + recurrent + units)
    return 3 * (kernel + recurrent + 2 * units)
