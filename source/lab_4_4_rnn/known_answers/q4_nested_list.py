"""
question = "q4"
misconception = "A state is a flat list of numbers."
truth = "A batch has a state for each of its rows, so the result is an array with a row per input."
failing_checks = ["q4-shape"]
kind = "shape"
message_part = "not a NumPy array"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(x_t @ Wx + h_prev @ Wh + b).tolist()
