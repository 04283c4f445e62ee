"""
question = "q2"
belief = "The sides are called left and right."
fails = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
kind = "translated"
says = "'pre'"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="right", truncating="right"
    )
