"""
question = "q2"
belief = "pad_sequences knows how wide the result must be."
fails = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
kind = "shape"
says = "columns"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, padding="post", truncating="post")
