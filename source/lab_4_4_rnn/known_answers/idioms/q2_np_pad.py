"""
question = "q2"
seen = "forum answers about padding with NumPy"
failing_checks = []
"""

def pad_reviews(reviews, max_length=max_length):
    rows = []
    for review in reviews:
        row = np.asarray(review[:max_length], dtype=int)
        rows.append(np.pad(row, (0, max_length - len(row)), mode="constant", constant_values=0))
    return np.vstack(rows)
