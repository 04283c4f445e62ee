"""
question = "q2"
misconception = "A byte is enough for an id."
truth = "A byte ends at 255, and the ids go up to the size of the vocabulary."
failing_checks = ["q2-large"]
kind = "behaviour"
message_part = "raised an error"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(
        reviews, maxlen=max_length, padding="post", truncating="post", dtype="uint8"
    )
