"""
question = "q1"
misconception = "Two special ids are counted, so a word of rank r has the id r + 2."
truth = "Four ids are set aside, one of them is never used, and the counting begins at 0, so the word of rank 1 has the id 4."
failing_checks = ["q1-words"]
kind = "behaviour"
message_part = "rank"
"""

def decode_review(ids, index_to_word):
    special = {1: "<start>", 2: "<unk>"}
    return " ".join(special.get(i) or index_to_word.get(i - 2, "<unk>") for i in ids if i != 0)
