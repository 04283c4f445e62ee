"""
question = "q4"
misconception = "Input and state side by side times both matrices on top of each other."
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(np.hstack([x_t, h_prev]) @ np.vstack([Wx, Wh]) + b)
