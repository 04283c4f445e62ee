"""
question = "q1"
seen = "beginners' loops that build a text piece by piece"
failing_checks = ["q1-form"]
"""

def decode_review(ids, index_to_word):
    text = ""
    for i in ids:
        if i == 1:
            text += "<start> "
        elif i == 2:
            text += "<unk> "
        elif i > 2:
            text += index_to_word[i - 3] + " "
    return text
