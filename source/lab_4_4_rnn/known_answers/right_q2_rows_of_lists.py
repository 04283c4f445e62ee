"""
question = "q2"
misconception = "Plain lists, turned into an array at the end."
failing_checks = []
"""

def pad_reviews(reviews, max_length=max_length):
    rows = [list(review)[:max_length] for review in reviews]
    return np.array([row + [0] * (max_length - len(row)) for row in rows])
