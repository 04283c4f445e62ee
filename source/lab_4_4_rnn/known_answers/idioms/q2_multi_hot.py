"""
question = "q2"
seen = "the vectorizing function of the IMDB chapter in Keras books"
failing_checks = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
"""

def pad_reviews(reviews, max_length=max_length):
    results = np.zeros((len(reviews), vocab_size))
    for i, review in enumerate(reviews):
        results[i, list(review)] = 1.0
    return results
