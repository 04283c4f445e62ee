"""
question = "q2"
misconception = "The defaults of pad_sequences fill and cut at the end."
failing_checks = ["q2-values", "q2-rows", "q2-widths"]
kind = "behaviour"
message_part = "behind the words"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, maxlen=max_length)
