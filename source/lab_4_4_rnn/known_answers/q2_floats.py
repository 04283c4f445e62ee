"""
question = "q2"
misconception = "An array of zeros is an array of zeros, whatever its type."
truth = "NumPy's zeros are floats unless you name a type, and ids are integers."
failing_checks = ["q2-dtype"]
kind = "dtype"
message_part = "integers"
"""

def pad_reviews(reviews, max_length=max_length):
    padded = np.zeros((len(reviews), max_length))
    for row, review in zip(padded, reviews):
        row[: len(review[:max_length])] = review[:max_length]
    return padded
