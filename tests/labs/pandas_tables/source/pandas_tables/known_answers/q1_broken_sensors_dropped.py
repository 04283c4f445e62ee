"""
question = "q1"
misconception = "A row with a missing value is useless."
truth = "The other columns of the row are still measured."
failing_checks = ["q1-example", "q1-broken-sensor"]
kind = "shape"
message_part = "number of rows"
"""

def clean(raw):
    table = raw.copy()
    table["taken"] = pd.to_datetime(table["taken"], format="%d.%m.%Y")
    table = table.drop_duplicates(["station", "taken"], keep="last")
    table["temperature"] = table["temperature"].replace(-999.0, np.nan)
    return table.fillna({"rain": 0.0}).dropna()
