"""
question = "q2"
misconception = "An array of zeros is an array of zeros, whatever its type."
truth = "NumPy's zeros are floats unless you name a type, and ids are integers."
failing_checks = ["q2-dtype"]
kind = "dtype"
message_part = "integers"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="post", truncating="post", dtype="float32"
    )
