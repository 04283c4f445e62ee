"""
question = "q1"
belief = "A decoded review is a list of words."
fails = ["q1-words", "q1-special"]
kind = "behaviour"
says = "decoded review"
"""

def decode_review(ids, index_to_word):
    special = {1: "<start>", 2: "<unk>"}
    return [special.get(i) or index_to_word[i - 3] for i in ids if i != 0]
