"""
question = "q1"
misconception = "A missing number is 0."
truth = "No rain is 0 mm, but 0 °C is a temperature that nobody measured."
failing_checks = ["q1-example", "q1-broken-sensor"]
kind = "values"
message_part = "expected a missing value"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="%d.%m.%Y")
    table = table.drop_duplicates(["station", "taken"], keep="last")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.fillna(0.0)
