"""
question = "q7"
seen = "forum answers on the number of parameters of a GRU"
failing_checks = ["q7-gru", "q7-gru-sizes"]
true_beliefs = ["A GRU has one bias per gate, like an LSTM."]
"""

def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "lstm": 4, "gru": 3}
    n, m = units, input_dim
    return gates[kind] * (n * (n + m) + n)
