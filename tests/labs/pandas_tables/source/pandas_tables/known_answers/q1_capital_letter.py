"""
question = "q1"
misconception = "The names of columns may be written with a capital letter."
truth = "The name of a column is found only as it is spelled."
failing_checks = ["q1-example", "q1-given", "q1-day-first", "q1-corrections", "q1-broken-sensor"]
kind = "errors"
message_part = "KeyError in line 6"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="%d.%m.%Y")
    table = table.drop_duplicates(["station", "taken"], keep="last")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.assign(rain=table["Rain"].fillna(0))
