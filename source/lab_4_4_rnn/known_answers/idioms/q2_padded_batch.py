"""
question = "q2"
seen = "TensorFlow's guide to input pipelines"
failing_checks = []
"""

def pad_reviews(reviews, max_length=max_length):
    cut = [list(review[:max_length]) for review in reviews]
    dataset = tf.data.Dataset.from_generator(lambda: cut, output_signature=tf.TensorSpec(shape=(None,), dtype=tf.int32))
    dataset = dataset.padded_batch(len(cut), padded_shapes=(max_length,))
    return next(iter(dataset)).numpy()
