"""
question = "q1"
misconception = "Of several rows about the same thing, the first one is the original and counts."
truth = "Which of several rows counts depends on how they came about: here the last one corrects the others."
failing_checks = ["q1-example", "q1-corrections"]
kind = "values"
message_part = "found 4.5 in 'temperature'"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="%d.%m.%Y")
    table = table.drop_duplicates(["station", "taken"], keep="first")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.fillna({"rain": 0.0})
