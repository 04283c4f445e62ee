"""
question = "q9"
seen = "time series tutorials whose loop stops one window early"
failing_checks = ["q9-rows", "q9-count"]
true_beliefs = ["The last window has no value after it."]
"""

def make_windows(series, window):
    dataX, dataY = [], []
    for i in range(len(series) - window - 1):
        dataX.append(series[i : (i + window)])
        dataY.append(series[i + window])
    return np.array(dataX).reshape(-1, window, 1), np.array(dataY)
