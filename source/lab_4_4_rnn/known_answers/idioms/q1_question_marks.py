"""
question = "q1"
seen = "the decoding line of the IMDB examples in Keras books"
failing_checks = ["q1-special"]
"""

def decode_review(ids, index_to_word):
    return " ".join([index_to_word.get(i - 3, "?") for i in ids])
