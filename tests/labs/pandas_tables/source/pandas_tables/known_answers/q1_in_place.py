"""
question = "q1"
misconception = "A function may write into the table that it is given."
truth = "Whoever calls a function still needs the table as it was; work on a copy."
failing_checks = ["q1-given"]
kind = "behavior"
"""

def clean(raw):
    raw["taken"] = pd.to_datetime(raw["taken"], format="%d.%m.%Y")
    raw["temperature"] = raw["temperature"].replace(-999.0, np.nan)
    raw["rain"] = raw["rain"].fillna(0)
    return raw.drop_duplicates(["station", "taken"], keep="last")
