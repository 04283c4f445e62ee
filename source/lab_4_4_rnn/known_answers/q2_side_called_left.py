"""
question = "q2"
misconception = "The sides are called left and right."
truth = "Keras names the sides by time: before the sequence and after it."
failing_checks = [
    "q2-shape",
    "q2-dtype",
    "q2-fill",
    "q2-cut",
    "q2-rows",
    "q2-long",
    "q2-widths",
    "q2-empty",
    "q2-large",
    "q2-unchanged",
]
kind = "translated"
message_part = "'pre'"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="right", truncating="right"
    )
