"""
question = "q2"
misconception = "Padding once more to another width does no harm."
truth = "What the first padding cut is gone, and what it added counts as part of the review."
failing_checks = ["q2-fill", "q2-cut", "q2-rows", "q2-long"]
kind = "behaviour"
message_part = "padded array"
"""

def pad_reviews(reviews, max_length=max_length):
    once = keras.utils.pad_sequences(reviews, maxlen=2, padding="post", truncating="post")
    return keras.utils.pad_sequences(once, maxlen=max_length, padding="post", truncating="post")
