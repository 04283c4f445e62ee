"""
question = "q7"
seen = "answers that make the weight arrays with NumPy"
failing_checks = ["q7-formula"]
"""

def rnn_params(kind, input_dim, units):
    gates = {"simple_rnn": 1, "lstm": 4, "gru": 3}[kind]
    W = np.zeros((input_dim, gates * units))
    U = np.zeros((units, gates * units))
    b = np.zeros((2 if kind == "gru" else 1, gates * units))
    return W.size + U.size + b.size
