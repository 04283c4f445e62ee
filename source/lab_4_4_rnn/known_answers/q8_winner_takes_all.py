"""
question = "q8"
misconception = "The highest number wins."
truth = "An accuracy is an estimate: close ones cannot be told apart, so more than one model may be the best."
failing_checks = ["q8-example", "q8-reviews", "q8-margin"]
kind = "behaviour"
message_part = "list of tied models"
"""

def tied_with_best(accuracies, n_test):
    return [max(accuracies, key=accuracies.get)]
