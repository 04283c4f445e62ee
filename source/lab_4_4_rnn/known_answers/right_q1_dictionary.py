"""
question = "q1"
misconception = "The special ids are entries of one dictionary like all other words."
failing_checks = []
"""

def decode_review(ids, index_to_word):
    word_of = {rank + 3: word for rank, word in index_to_word.items()}
    word_of |= {1: "<start>", 2: "<unk>"}
    return " ".join(word_of.get(int(i), "<unk>") for i in ids if i)
