"""
question = "q2"
misconception = "Every review has a last word."
truth = "A review may be empty, and then its row is padding from end to end."
failing_checks = ["q2-empty"]
kind = "translated"
message_part = "raised an error"
"""

def pad_reviews(reviews, max_length=max_length):
    padded = np.zeros((len(reviews), max_length), dtype=int)
    for row, review in enumerate(reviews):
        last = review[-1]
        end = min(len(review), max_length)
        padded[row, :end] = review[:end]
        if end == len(review):
            padded[row, end - 1] = last
    return padded
