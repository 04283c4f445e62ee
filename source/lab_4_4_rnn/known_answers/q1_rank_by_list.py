"""
question = "q1"
misconception = "An id is the rank of its word."
failing_checks = ["q1-words", "q1-special"]
kind = "behaviour"
message_part = "rank"
"""

def decode_review(ids, index_to_word):
    words = []
    for number in ids:
        if number > 0 and number in index_to_word:
            words.append(index_to_word[number])
        elif number > 0:
            words.append("<unk>")
    return " ".join(words)
