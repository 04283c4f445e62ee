"""
question = "q4"
seen = "Keras 3 code that runs on any backend"
failing_checks = []
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    from keras import ops

    return ops.tanh(ops.matmul(x_t, Wx) + ops.matmul(h_prev, Wh) + b)
