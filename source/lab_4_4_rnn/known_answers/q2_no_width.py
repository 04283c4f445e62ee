"""
question = "q2"
misconception = "pad_sequences knows how wide the result must be."
truth = "Unless it is told a width, it takes that of the longest review it is given."
failing_checks = ["q2-shape", "q2-cut", "q2-long", "q2-widths"]
kind = "shape"
message_part = "columns"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, padding="post", truncating="post")
