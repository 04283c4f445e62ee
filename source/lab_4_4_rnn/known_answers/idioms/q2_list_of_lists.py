"""
question = "q2"
seen = "plain Python answers"
failing_checks = ["q2-shape", "q2-dtype"]
"""

def pad_reviews(reviews, max_length=max_length):
    return [list(review[:max_length]) + [0] * (max_length - len(review)) for review in reviews]
