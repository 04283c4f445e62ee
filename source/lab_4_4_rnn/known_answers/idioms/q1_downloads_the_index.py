"""
question = "q1"
seen = "IMDB notebooks that fetch Keras' own word index"
failing_checks = ["q1-words", "q1-form", "q1-special", "q1-unchanged"]
"""

def decode_review(ids, index_to_word):
    word_index = keras.datasets.imdb.get_word_index()
    reverse_index = {value: key for key, value in word_index.items()}
    return " ".join(reverse_index.get(i - 3, "<unk>") for i in ids if i != 0)
