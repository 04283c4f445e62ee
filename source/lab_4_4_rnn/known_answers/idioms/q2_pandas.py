"""
question = "q2"
seen = "data science notebooks that go through pandas"
failing_checks = []
"""

import pandas as pd


def pad_reviews(reviews, max_length=max_length):
    table = pd.DataFrame([list(review) for review in reviews])
    table = table.reindex(columns=range(max_length)).fillna(0)
    return table.astype("int64").to_numpy()
