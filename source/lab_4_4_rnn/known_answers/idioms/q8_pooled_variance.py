"""
question = "q8"
seen = "statistics courses: the t-test with one pooled variance"
failing_checks = []
"""

def tied_with_best(runs):
    best = max(runs, key=lambda name: np.mean(runs[name]))
    a = np.array(runs[best])
    tied = []
    for name in runs:
        b = np.array(runs[name])
        pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
        se = np.sqrt(pooled * (1 / len(a) + 1 / len(b)))
        if a.mean() - b.mean() <= 2 * se:
            tied.append(name)
    return tied
