"""
question = "q1"
misconception = "Right: sorted by day, with new row numbers."
failing_checks = []
"""

def clean(raw):
    table = raw.assign(taken=pd.to_datetime(raw["taken"], dayfirst=True)).iloc[::-1]
    table = table.groupby(["station", "taken"], as_index=False).head(1)
    table.loc[table["temperature"] < -500, "temperature"] = None
    table["rain"] = table["rain"].fillna(0)
    return table.sort_values(["taken", "station"]).reset_index(drop=True)
