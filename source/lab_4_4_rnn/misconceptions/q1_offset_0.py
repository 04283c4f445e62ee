"""
question = "q1"
belief = "An id is the rank of its word."
fails = ["q1-words", "q1-special"]
kind = "behaviour"
says = "rank"
"""

def decode_review(ids, index_to_word):
    return " ".join(index_to_word.get(i, "<unk>") for i in ids if i != 0)
