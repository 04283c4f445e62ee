"""
question = "q2"
misconception = "Reviews that are too long can be left out, as load_data(maxlen=…) does."
truth = "Every review keeps its row, or the labels no longer belong to the rows; a long one is cut."
failing_checks = ["q2-shape", "q2-cut", "q2-long", "q2-widths"]
kind = "shape"
message_part = "shape"
"""

def pad_reviews(reviews, max_length=max_length):
    kept = [review for review in reviews if len(review) <= max_length]
    return keras.utils.pad_sequences(kept, maxlen=max_length, padding="post", truncating="post")
