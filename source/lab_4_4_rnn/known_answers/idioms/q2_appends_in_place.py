"""
question = "q2"
seen = "beginners' loops over the reviews themselves"
failing_checks = ["q2-unchanged"]
true_beliefs = ["The lists that I am given are mine to change."]
"""

def pad_reviews(reviews, max_length=max_length):
    for review in reviews:
        while len(review) < max_length:
            review.append(0)
        del review[max_length:]
    return np.array(list(reviews))
