"""
question = "q1"
belief = "Only the padding shifts the ids, so a word of rank r has the id r + 1."
fails = ["q1-words", "q1-special"]
kind = "behaviour"
says = "rank"
"""

def decode_review(ids, index_to_word):
    special = {1: "<start>", 2: "<unk>"}
    return " ".join(special.get(i) or index_to_word.get(i - 1, "<unk>") for i in ids if i != 0)
