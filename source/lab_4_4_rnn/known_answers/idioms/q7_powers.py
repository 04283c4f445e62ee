"""
question = "q7"
seen = "forum answers on the number of parameters of an LSTM"
failing_checks = []
"""

def rnn_params(kind, input_dim, units):
    if kind == "simple_rnn":
        return units**2 + units * input_dim + units
    elif kind == "lstm":
        return 4 * (units**2 + units * input_dim + units)
    elif kind == "gru":
        return 3 * (units**2 + units * input_dim + 2 * units)
    raise ValueError(kind)
