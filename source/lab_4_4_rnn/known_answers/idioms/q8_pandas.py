"""
question = "q8"
seen = "data science notebooks"
failing_checks = []
"""

import pandas as pd


def tied_with_best(runs):
    table = pd.DataFrame({name: pd.Series(values) for name, values in runs.items()})
    means, squares = table.mean(), table.sem() ** 2
    best = means.idxmax()
    gap = means[best] - means
    return gap[gap <= 2 * (squares + squares[best]) ** 0.5].index.to_list()
