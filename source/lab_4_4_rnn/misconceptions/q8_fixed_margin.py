"""
question = "q8"
belief = "Two points apart is always a tie."
fails = ["q8-cases"]
kind = "behaviour"
says = "number of reviews"
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    return [name for name, accuracy in accuracies.items() if accuracy >= best - 0.02]
