"""
question = "q2"
seen = "answers of people who like itertools"
failing_checks = []
"""

from itertools import chain, islice, repeat


def pad_reviews(reviews, max_length=max_length):
    return np.array([list(islice(chain(review, repeat(0)), max_length)) for review in reviews])
