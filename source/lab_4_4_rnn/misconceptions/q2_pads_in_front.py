"""
question = "q2"
belief = "The defaults of pad_sequences fill and cut at the end."
fails = ["q2-values", "q2-rows", "q2-widths"]
kind = "behaviour"
says = "behind the words"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, maxlen=max_length)
