"""
question = "q4"
misconception = "The sum is added up in the array of the state."
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    new = x_t @ Wx
    new += h_prev @ Wh
    h_prev[:] = np.tanh(new + b)
    return h_prev
