"""
question = "q2"
misconception = "A month is best shown by its name."
truth = "A name leaves out the year, and the question says how a month is written."
failing_checks = ["q2-march", "q2-levels", "q2-years", "q2-missing"]
kind = "values"
message_part = "found 'March' in 'month'"
"""

def monthly(table):
    month = table["taken"].dt.strftime("%B").rename("month")
    groups = table.groupby(["station", month])["temperature"]
    return groups.agg(mean_temperature="mean", days="count")
