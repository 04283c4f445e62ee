"""
question = "q2"
misconception = "A summary of one column is one number for each group."
truth = "A group can be summarized by several numbers, each in a column with its name."
failing_checks = ["q2-march", "q2-levels", "q2-years", "q2-missing"]
kind = "shape"
message_part = "found 'temperature', expected 'mean_temperature', 'days'"
"""

def monthly(table):
    month = table["taken"].dt.strftime("%Y-%m").rename("month")
    return table.groupby(["station", month])["temperature"].mean()
