"""
question = "q1"
seen = "forum answers that put the special words below rank 1"
failing_checks = []
"""

def decode_review(ids, index_to_word):
    lookup = dict(index_to_word)
    lookup[1 - 3] = "<start>"
    lookup[2 - 3] = "<unk>"
    words = map(lambda i: lookup.get(i - 3, "<unk>"), filter(lambda i: i > 0, ids))
    return " ".join(words)
