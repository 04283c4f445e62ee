"""
question = "q2"
seen = "beginners' loops over the reviews themselves"
failing_checks = ["q2-unchanged"]
"""

def pad_reviews(reviews, max_length=max_length):
    for review in reviews:
        while len(review) < max_length:
            review.append(0)
        del review[max_length:]
    return np.array(list(reviews))
