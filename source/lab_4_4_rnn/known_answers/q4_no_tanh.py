"""
question = "q4"
misconception = "A recurrent layer is a sum; the activation comes later."
truth = "The activation is part of every step: the next step reads the state after it."
failing_checks = ["q4-example", "q4-keras"]
kind = "behaviour"
message_part = "squeeze"
"""

def rnn_step(x_t, h_prev, Wx, Wh, b):
    return x_t @ Wx + h_prev @ Wh + b
