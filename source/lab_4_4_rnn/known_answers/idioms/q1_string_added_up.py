"""
question = "q1"
seen = "beginners' loops that build a text piece by piece"
failing_checks = []
"""

def decode_review(ids, index_to_word):
    text = ""
    for i in ids:
        if i == 0:
            continue
        elif i == 1:
            word = "<start>"
        elif i == 2:
            word = "<unk>"
        else:
            word = index_to_word[i - 3]
        text += word + " "
    return text.strip()
