"""
question = "q2"
misconception = "The sides are called left and right."
failing_checks = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
kind = "translated"
message_part = "'pre'"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="right", truncating="right"
    )
