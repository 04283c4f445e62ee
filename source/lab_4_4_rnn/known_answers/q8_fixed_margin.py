"""
question = "q8"
misconception = "Two points apart is always a tie."
truth = "How far apart is far enough depends on the number of reviews and on the best accuracy."
failing_checks = ["q8-reviews", "q8-margin", "q8-perfect"]
kind = "behaviour"
message_part = "number of reviews"
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    return [name for name, accuracy in accuracies.items() if accuracy >= best - 0.02]
