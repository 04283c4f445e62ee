"""
question = "q4"
misconception = "* multiplies matrices."
truth = "In NumPy, * multiplies number by number; a matrix product is another operator."
failing_checks = ["q4-shape", "q4-input", "q4-memory", "q4-bias", "q4-keras"]
kind = "translated"
message_part = "shapes do not fit"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    from_input = np.multiply(x_t, Wx)
    from_memory = np.multiply(h_prev, Wh)
    return np.tanh(from_input + from_memory + b)
