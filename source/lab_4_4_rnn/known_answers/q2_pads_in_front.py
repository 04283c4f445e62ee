"""
question = "q2"
misconception = "The defaults of pad_sequences fill and cut at the end."
truth = "Unless told otherwise, it fills and cuts at the start."
failing_checks = ["q2-fill", "q2-cut", "q2-rows", "q2-long"]
kind = "behaviour"
message_part = "behind the words"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, maxlen=max_length)
