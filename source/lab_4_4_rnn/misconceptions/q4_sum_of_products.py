"""
question = "q4"
belief = "A recurrent layer is a sum; the activation comes later."
fails = ["q4-example", "q4-parts", "q4-keras"]
kind = "behaviour"
says = "squeeze"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    h = np.matmul(x_t, Wx)
    h = h + np.matmul(h_prev, Wh)
    h = h + b
    return h
