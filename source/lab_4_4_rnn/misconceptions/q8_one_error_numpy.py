"""
question = "q8"
belief = "One standard error is the margin."
fails = ["q8-example", "q8-cases"]
kind = "behaviour"
says = "Two standard errors"
"""

def tied_with_best(accuracies, n_test):
    best = max(accuracies.values())
    error = np.sqrt(best * (1 - best) / n_test)
    tied = []
    for name in accuracies:
        if best - accuracies[name] <= error:
            tied.append(name)
    return tied
