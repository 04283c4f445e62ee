"""
question = "q8"
seen = "data science notebooks"
failing_checks = []
"""

import pandas as pd


def tied_with_best(accuracies, n_test):
    scores = pd.Series(accuracies).sort_values(ascending=False)
    top = scores.iloc[0]
    margin = 2 * (top * (1 - top) / n_test) ** 0.5
    return scores[scores >= top - margin].index.to_list()
