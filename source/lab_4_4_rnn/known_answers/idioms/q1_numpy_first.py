"""
question = "q1"
seen = "notebooks that turn every list into an array"
failing_checks = []
"""

def decode_review(ids, index_to_word):
    ids = np.asarray(ids)
    ids = ids[ids != 0]
    names = np.array(["", "<start>", "<unk>"])
    words = [str(names[i]) if i < 3 else index_to_word.get(int(i) - 3, "<unk>") for i in ids]
    return " ".join(words)
