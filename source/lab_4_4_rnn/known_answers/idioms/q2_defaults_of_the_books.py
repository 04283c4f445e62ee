"""
question = "q2"
seen = "the IMDB chapters of Keras books"
failing_checks = ["q2-fill", "q2-cut", "q2-rows", "q2-long"]
true_beliefs = ["The defaults of pad_sequences fill and cut at the end."]
"""

from tensorflow.keras.preprocessing import sequence


def pad_reviews(reviews, max_length=max_length):
    print("Pad sequences (samples x time)")
    reviews = sequence.pad_sequences(reviews, maxlen=max_length)
    print("shape:", reviews.shape)
    return reviews
