"""
question = "q2"
misconception = "The defaults of pad_sequences fill and cut at the end."
truth = "Unless told otherwise, it fills and cuts at the start."
failing_checks = ["q2-fill", "q2-cut", "q2-rows", "q2-long"]
kind = "behaviour"
message_part = "behind the words"
"""

def pad_reviews(reviews, max_length=max_length):
    padded = np.zeros((len(reviews), max_length), dtype="int32")
    for number, review in enumerate(reviews):
        kept = review[-max_length:]
        if len(kept) > 0:
            padded[number, -len(kept) :] = kept
    return padded
