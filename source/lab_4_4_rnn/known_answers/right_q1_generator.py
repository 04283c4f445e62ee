"""
question = "q1"
misconception = "A generator with one branch for each special id."
failing_checks = []
"""

def words_of(ids, index_to_word):
    for i in ids:
        match int(i):
            case 0:
                pass
            case 1:
                yield "<start>"
            case 2:
                yield "<unk>"
            case rank:
                yield index_to_word.get(rank - 3, "<unk>")


def decode_review(ids, index_to_word):
    return " ".join(words_of(ids, index_to_word))
