"""
question = "q8"
seen = "statistics courses: Welch's test and a p-value"
failing_checks = []
"""

from scipy import stats


def tied_with_best(runs):
    best = max(runs, key=lambda name: np.mean(runs[name]))
    tied = []
    for name in runs:
        if name == best or stats.ttest_ind(runs[best], runs[name], equal_var=False).pvalue > 0.05:
            tied.append(name)
    return tied
