"""
question = "q2"
seen = "notebooks from before Keras 3"
failing_checks = []
"""

from tensorflow.keras.preprocessing.sequence import pad_sequences


def pad_reviews(reviews, max_length=max_length):
    padded = pad_sequences(sequences=reviews, maxlen=max_length, dtype="int32", padding="post", truncating="post", value=0.0)
    print("Shape:", padded.shape)
    return padded
