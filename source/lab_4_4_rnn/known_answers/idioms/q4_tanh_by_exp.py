"""
question = "q4"
seen = "networks from scratch"
failing_checks = []
"""

def tanh(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def rnn_step(x_t, h_prev, Wx, Wh, b):
    z = np.matmul(x_t, Wx)
    z += np.matmul(h_prev, Wh)
    z += b
    return tanh(z)
