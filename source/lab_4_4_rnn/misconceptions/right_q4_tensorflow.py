"""
question = "q4"
belief = "A tensor is as good a result as an array."
fails = []
"""

import tensorflow as tf


def rnn_step(x_t, h_prev, Wx, Wh, b):
    return tf.tanh(tf.matmul(x_t, Wx) + tf.matmul(h_prev, Wh) + b)
