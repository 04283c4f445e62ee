"""
question = "q1"
misconception = "A decoded review is a list of words."
truth = "The question asks for one text in which single spaces separate the words."
failing_checks = ["q1-form"]
kind = "behaviour"
message_part = "decoded review"
"""

def decode_review(ids, index_to_word):
    special = {1: "<start>", 2: "<unk>"}
    return [special.get(i) or index_to_word[i - 3] for i in ids if i != 0]
