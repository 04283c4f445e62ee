"""
question = "q1"
misconception = "A method with inplace=True changes the table, so nothing needs to be returned."
truth = "The caller gets what the function returns, and the given table must stay as it is."
failing_checks = ["q1-example", "q1-given", "q1-day-first", "q1-corrections", "q1-broken-sensor"]
kind = "types"
message_part = "returned None"
"""

def clean(raw):
    raw["taken"] = pd.to_datetime(raw["taken"], format="%d.%m.%Y")
    raw.drop_duplicates(["station", "taken"], inplace=True)
    raw.fillna({"rain": 0.0}, inplace=True)
