"""
question = "q8"
misconception = "One standard error is the margin."
truth = "The question draws the line at two standard errors of the best model."
failing_checks = ["q8-example", "q8-margin"]
kind = "behaviour"
message_part = "Two standard errors"
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    margin = (best * (1 - best) / n_test) ** 0.5
    return [name for name, accuracy in accuracies.items() if accuracy >= best - margin]
