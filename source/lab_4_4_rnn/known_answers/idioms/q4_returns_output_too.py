"""
question = "q4"
seen = "networks from scratch that return output and state"
failing_checks = ["q4-shape", "q4-example", "q4-input", "q4-memory", "q4-bias", "q4-keras"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    h_next = np.tanh(x_t @ Wx + h_prev @ Wh + b)
    y_t = h_next
    return y_t, h_next
