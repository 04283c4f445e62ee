"""
question = "q4"
seen = "networks from scratch"
failing_checks = ["q4-example", "q4-keras"]
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return 1 / (1 + np.exp(-(x_t @ Wx + h_prev @ Wh + b)))
