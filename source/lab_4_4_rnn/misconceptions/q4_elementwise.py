"""
question = "q4"
belief = "* multiplies matrices."
fails = ["q4-shape", "q4-parts", "q4-keras"]
kind = "translated"
says = "shapes do not fit"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(x_t * Wx + h_prev * Wh + b)
