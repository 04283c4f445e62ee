"""
question = "q4"
belief = "The state is only the output; the next step does not read it."
fails = ["q4-example", "q4-parts", "q4-keras"]
kind = "behaviour"
says = "h_prev"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    new = np.dot(x_t, Wx)
    new = new + b
    state = np.tanh(new)
    return state
