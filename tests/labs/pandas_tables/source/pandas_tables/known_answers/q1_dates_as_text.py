"""
question = "q1"
misconception = "A date that is written year first is a date."
truth = "A text that looks like a date is still a text: it has no month, and nothing can be subtracted from it."
failing_checks = ["q1-example", "q1-day-first", "q1-corrections", "q1-broken-sensor"]
kind = "types"
message_part = "found text in 'taken'"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="%d.%m.%Y").dt.strftime("%Y-%m-%d")
    table = table.drop_duplicates(["station", "taken"], keep="last")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.fillna({"rain": 0.0})
