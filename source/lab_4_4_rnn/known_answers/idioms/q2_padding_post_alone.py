"""
question = "q2"
seen = "older text classification tutorials of TensorFlow"
failing_checks = ["q2-cut", "q2-long"]
true_beliefs = ['padding="post" also decides where long reviews are cut.']
"""

def pad_reviews(reviews, max_length=max_length):
    return tf.keras.utils.pad_sequences(reviews, value=0, padding="post", maxlen=max_length)
