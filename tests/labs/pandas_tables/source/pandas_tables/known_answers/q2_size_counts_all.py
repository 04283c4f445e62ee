"""
question = "q2"
misconception = "The size of a group says how many values it has."
truth = "The size of a group counts rows, also those without a value."
failing_checks = ["q2-missing"]
kind = "values"
"""

def monthly(table):
    month = table["taken"].dt.strftime("%Y-%m").rename("month")
    groups = table.groupby(["station", month])["temperature"]
    return groups.agg(mean_temperature="mean", days="size")
