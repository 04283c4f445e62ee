"""
question = "q4"
misconception = "The formula with np.dot and a name for each part."
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    from_input = np.dot(x_t, Wx)
    from_memory = np.dot(h_prev, Wh)
    return np.tanh(from_input + from_memory + b)
