"""
question = "q4"
misconception = "The state is only the output; the next step does not read it."
truth = "The new state depends on the state before, which is how the network remembers."
failing_checks = ["q4-example", "q4-memory", "q4-keras"]
kind = "behaviour"
message_part = "h_prev"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return np.tanh(x_t @ Wx + b)
