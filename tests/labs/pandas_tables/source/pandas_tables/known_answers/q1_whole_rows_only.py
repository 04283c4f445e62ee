"""
question = "q1"
misconception = "Only rows that are equal in every column are duplicates."
truth = "Which columns make two rows the same is a decision: here the station and the day."
failing_checks = ["q1-example", "q1-corrections"]
kind = "shape"
message_part = "number of rows"
"""

def clean(raw):
    table = raw.drop_duplicates().copy()
    table["taken"] = pd.to_datetime(table["taken"], dayfirst=True)
    table["temperature"] = table["temperature"].mask(table["temperature"] == -999)
    table["rain"] = table["rain"].fillna(0)
    return table
