"""
question = "q4"
misconception = "* multiplies matrices."
truth = "In NumPy, * multiplies number by number; a matrix product is another operator."
failing_checks = ["q4-shape", "q4-input", "q4-memory", "q4-bias", "q4-keras"]
kind = "translated"
message_part = "shapes do not fit"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(x_t * Wx + h_prev * Wh + b)
