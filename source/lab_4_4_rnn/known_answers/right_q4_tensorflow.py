"""
question = "q4"
misconception = "A tensor is as good a result as an array."
failing_checks = []
"""

import tensorflow as tf


def rnn_step(x_t, h_prev, Wx, Wh, b):
    return tf.tanh(tf.matmul(x_t, Wx) + tf.matmul(h_prev, Wh) + b)
