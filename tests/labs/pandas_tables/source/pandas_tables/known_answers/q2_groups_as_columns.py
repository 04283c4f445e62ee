"""
question = "q2"
misconception = "Groups as columns are the same as groups in the index."
truth = "An index says what each row is about, and rows are found by it; columns hold values."
failing_checks = ["q2-levels"]
kind = "types"
message_part = "wrong index"
"""

def monthly(table):
    table = table.assign(month=table["taken"].dt.strftime("%Y-%m"))
    groups = table.groupby(["station", "month"], as_index=False)
    return groups.agg(mean_temperature=("temperature", "mean"), days=("temperature", "count"))
