"""
question = "q4"
belief = "* multiplies matrices."
fails = ["q4-shape", "q4-parts", "q4-keras"]
kind = "translated"
says = "shapes do not fit"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    from_input = np.multiply(x_t, Wx)
    from_memory = np.multiply(h_prev, Wh)
    return np.tanh(from_input + from_memory + b)
