"""
question = "q2"
seen = "the vectorizing function of the IMDB chapter in Keras books"
failing_checks = ["q2-shape", "q2-dtype", "q2-fill", "q2-cut", "q2-rows", "q2-long", "q2-widths", "q2-empty", "q2-large"]
"""

def pad_reviews(reviews, max_length=max_length):
    results = np.zeros((len(reviews), vocab_size))
    for i, review in enumerate(reviews):
        results[i, list(review)] = 1.0
    return results
