"""
question = "q4"
seen = "networks from scratch that return output and state"
failing_checks = ["q4-shape", "q4-parts", "q4-keras", "q4-example"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    h_next = np.tanh(x_t @ Wx + h_prev @ Wh + b)
    y_t = h_next
    return y_t, h_next
