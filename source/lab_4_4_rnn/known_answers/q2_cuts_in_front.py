r"""
question = "q2"
misconception = "padding=\"post\" also decides where long reviews are cut."
truth = "Filling and cutting are two settings of their own, and each has its own default."
failing_checks = ["q2-cut", "q2-long"]
kind = "behaviour"
message_part = "keeps its beginning"
"""

def pad_reviews(reviews, max_length=max_length):
    return keras.utils.pad_sequences(reviews, maxlen=max_length, padding="post")
