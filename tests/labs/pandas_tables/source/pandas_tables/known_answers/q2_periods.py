"""
question = "q2"
misconception = "Right: months as periods, columns in another order."
failing_checks = []
"""

def monthly(table):
    month = table["taken"].dt.to_period("M").rename("month")
    by_month = table.groupby(["station", month])["temperature"]
    return pd.DataFrame({"days": by_month.count(), "mean_temperature": by_month.mean()})
