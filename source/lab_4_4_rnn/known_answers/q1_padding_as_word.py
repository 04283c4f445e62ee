"""
question = "q1"
misconception = "Padding is a word like any other and has a sign of its own."
truth = "Padding only fills a row up; a reader of the review must not see it."
failing_checks = ["q1-special"]
kind = "behaviour"
message_part = "leaves no trace"
"""

def decode_review(ids, index_to_word):
    special = {0: "<pad>", 1: "<start>", 2: "<unk>"}
    return " ".join(special.get(i) or index_to_word[i - 3] for i in ids)
