"""
question = "q4"
seen = "textbooks that write the bias as a column"
failing_checks = ["q4-shape", "q4-input", "q4-memory", "q4-bias", "q4-keras"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    b = b.reshape(-1, 1)
    return np.tanh(np.dot(x_t, Wx) + np.dot(h_prev, Wh) + b)
