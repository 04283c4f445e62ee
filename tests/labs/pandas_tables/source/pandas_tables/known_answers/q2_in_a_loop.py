"""
question = "q2"
misconception = "Right: collected in a loop."
failing_checks = []
"""

def monthly(table):
    rows = {}
    for (station, taken), value in table.set_index(["station", "taken"])["temperature"].items():
        rows.setdefault((station, f"{taken:%Y-%m}"), []).append(value)
    index = pd.MultiIndex.from_tuples(rows, names=["station", "month"])
    measured = [[value for value in values if not pd.isna(value)] for values in rows.values()]
    means = [sum(values) / len(values) if values else np.nan for values in measured]
    return pd.DataFrame({"mean_temperature": means, "days": [len(values) for values in measured]}, index=index)
