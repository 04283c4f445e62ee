"""
question = "q1"
seen = "text classification tutorials that add four special words to the index"
failing_checks = ["q1-special"]
"""

def decode_review(ids, index_to_word):
    words = {rank + 3: word for rank, word in index_to_word.items()}
    words[0] = "<PAD>"
    words[1] = "<START>"
    words[2] = "<UNK>"
    words[3] = "<UNUSED>"
    return " ".join(words.get(i, "?") for i in ids)
