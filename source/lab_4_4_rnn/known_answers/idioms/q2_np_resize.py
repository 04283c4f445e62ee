"""
question = "q2"
seen = "forum answers that take np.resize for a padding function"
failing_checks = ["q2-fill", "q2-rows"]
"""

def pad_reviews(reviews, max_length=max_length):
    return np.array([np.resize(np.array(review, dtype=int), max_length) for review in reviews])
