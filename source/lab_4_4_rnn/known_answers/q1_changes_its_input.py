"""
question = "q1"
misconception = "The list that I am given is mine to change."
truth = "The caller still needs its list as it was, so a function works on a copy or builds something new."
failing_checks = ["q1-unchanged"]
kind = "behaviour"
message_part = "modifies its arguments"
"""

def decode_review(ids, index_to_word):
    special = {1: "<start>", 2: "<unk>"}
    while 0 in ids:
        ids.remove(0)
    return " ".join(special.get(i) or index_to_word[i - 3] for i in ids)
