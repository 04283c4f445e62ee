"""
question = "q8"
belief = "The highest number wins."
fails = ["q8-example", "q8-cases"]
kind = "behaviour"
says = "list of tied models"
"""

def tied_with_best(accuracies, n_test):
    names = sorted(accuracies, key=lambda name: -accuracies[name])
    return names[:1]
