"""
question = "q2"
belief = "An array of zeros is an array of zeros, whatever its type."
fails = ["q2-shape", "q2-rows"]
kind = "dtype"
says = "integers"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="post", truncating="post", dtype="float32"
    )
