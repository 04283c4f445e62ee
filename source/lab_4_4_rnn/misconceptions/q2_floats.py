"""
question = "q2"
belief = "An array of zeros is an array of zeros, whatever its type."
fails = ["q2-shape", "q2-rows"]
kind = "dtype"
says = "integers"
"""

def pad_reviews(reviews, max_length=max_length):
    padded = np.zeros((len(reviews), max_length))
    for row, review in zip(padded, reviews):
        row[: len(review[:max_length])] = review[:max_length]
    return padded
