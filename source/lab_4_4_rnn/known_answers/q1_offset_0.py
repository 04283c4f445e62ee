"""
question = "q1"
misconception = "An id is the rank of its word."
truth = "Four ids are set aside before the first word, so the word of rank 1 has the id 4."
failing_checks = ["q1-words", "q1-special"]
kind = "behaviour"
message_part = "rank"
"""

def decode_review(ids, index_to_word):
    return " ".join(index_to_word.get(i, "<unk>") for i in ids if i != 0)
