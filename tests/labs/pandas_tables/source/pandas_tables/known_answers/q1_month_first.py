"""
question = "q1"
misconception = "to_datetime knows which number is the day."
truth = "A date such as 03.04.2026 can be read in two ways, so its format must be named."
failing_checks = ["q1-day-first"]
kind = "values"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="mixed")
    table = table.drop_duplicates(["station", "taken"], keep="last")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.fillna({"rain": 0.0})
