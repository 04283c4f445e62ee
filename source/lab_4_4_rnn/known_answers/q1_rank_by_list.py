"""
question = "q1"
misconception = "An id is the rank of its word."
truth = "Four ids are set aside before the first word, so the word of rank 1 has the id 4."
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
