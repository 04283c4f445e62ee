"""
question = "q2"
misconception = "Each set is padded to its own longest review."
truth = "All sets need the same width, the one that the caller asks for."
failing_checks = ["q2-shape", "q2-cut", "q2-long", "q2-widths"]
kind = "shape"
message_part = "columns"
"""

def pad_reviews(reviews, max_length=max_length):
    longest = max(len(review) for review in reviews)
    return keras.utils.pad_sequences(reviews, maxlen=longest, padding="post", truncating="post")
