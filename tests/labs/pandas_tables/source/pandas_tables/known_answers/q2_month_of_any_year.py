"""
question = "q2"
misconception = "The number of the month says which month it is."
truth = "The same number stands for a month of every year."
failing_checks = ["q2-march", "q2-levels", "q2-years", "q2-missing"]
kind = "values"
"""

def monthly(table):
    month = table["taken"].dt.month.rename("month")
    return table.groupby(["station", month])["temperature"].agg(mean_temperature="mean", days="count")
