"""
question = "q4"
misconception = "Wh may be used either way round, it is square."
truth = "A square matrix and its transpose are different; a row of states stands to the left of it."
failing_checks = ["q4-memory", "q4-keras"]
kind = "behaviour"
message_part = "h_prev"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(x_t @ Wx + h_prev @ Wh.T + b)
