"""
question = "q2"
misconception = "Padding with NumPy alone."
failing_checks = []
"""

def cut(review, width):
    return list(review)[:width]


def pad_reviews(reviews, max_length=max_length):
    padded = np.zeros((len(reviews), max_length), dtype=np.int64)
    for row, review in enumerate(reviews):
        kept = cut(review, max_length)
        padded[row, : len(kept)] = kept
    print("fertig:", padded.shape)  # Kommentare und Ausgaben stören nicht
    return padded
