"""
question = "q8"
misconception = "One standard error is the margin."
truth = "The question draws the line at two standard errors of the difference."
failing_checks = ["q8-example", "q8-difference"]
kind = "behaviour"
message_part = "two standard errors"
"""

def tied_with_best(runs):
    def mean(values):
        return sum(values) / len(values)

    def square_of_error(values):
        return sum((value - mean(values)) ** 2 for value in values) / (len(values) - 1) / len(values)

    best = max(runs, key=lambda name: mean(runs[name]))
    tied = []
    for name, values in runs.items():
        error = (square_of_error(runs[best]) + square_of_error(values)) ** 0.5
        if mean(runs[best]) - mean(values) <= error:
            tied.append(name)
    return tied
