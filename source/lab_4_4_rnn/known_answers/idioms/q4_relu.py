"""
question = "q4"
seen = "examples with rectified recurrent layers"
failing_checks = ["q4-example", "q4-keras"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.maximum(0, x_t @ Wx + h_prev @ Wh + b)
