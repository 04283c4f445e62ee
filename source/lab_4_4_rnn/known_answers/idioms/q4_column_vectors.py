"""
question = "q4"
seen = "textbooks that write the input as a column"
failing_checks = ["q4-shape", "q4-input", "q4-memory", "q4-bias", "q4-keras"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(np.dot(Wx, x_t) + np.dot(Wh, h_prev) + b)
