"""
question = "q2"
misconception = "A table with two groups has one of them in its rows and the other in its columns."
truth = "Both groups can be levels of the index; then each row is one of their pairs."
failing_checks = ["q2-march", "q2-levels", "q2-years", "q2-missing"]
kind = "shape"
message_part = "wrong columns"
"""

def monthly(table):
    table = table.assign(month=table["taken"].dt.strftime("%Y-%m"))
    return table.pivot_table(index="station", columns="month", values="temperature")
