"""
question = "q2"
misconception = "TensorFlow's ragged tensors cut and fill by themselves."
failing_checks = []
"""

import tensorflow as tf


def pad_reviews(reviews, max_length=max_length):
    rows = tf.ragged.constant([list(map(int, review[:max_length])) for review in reviews], dtype=tf.int32)
    return rows.to_tensor(default_value=0, shape=(len(reviews), max_length)).numpy()
