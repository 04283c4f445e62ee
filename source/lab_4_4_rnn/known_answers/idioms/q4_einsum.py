"""
question = "q4"
seen = "attention code that writes every product as einsum"
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(np.einsum("bf,fu->bu", x_t, Wx) + np.einsum("bu,uv->bv", h_prev, Wh) + b[np.newaxis, :])
