"""
question = "q4"
seen = "networks from scratch"
failing_checks = []
"""

def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn_step(x_t, h_prev, Wx, Wh, b):
    return 2 * sigmoid(2 * (x_t.dot(Wx) + h_prev.dot(Wh) + b)) - 1
