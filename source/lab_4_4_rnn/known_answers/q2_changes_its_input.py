"""
question = "q2"
misconception = "The lists that I am given are mine to change."
truth = "The caller still needs its reviews as they were, so a function works on copies or builds something new."
failing_checks = ["q2-unchanged"]
kind = "behaviour"
message_part = "modifies its arguments"
"""

def pad_reviews(reviews, max_length=max_length):
    for review in reviews:
        del review[max_length:]
        review.extend([0] * (max_length - len(review)))
    return np.array(reviews)
