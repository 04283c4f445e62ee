"""
question = "q8"
misconception = "The highest number wins."
truth = "A mean over a few runs is an estimate: close ones cannot be told apart, so more than one network may be the best."
failing_checks = ["q8-example", "q8-spread", "q8-runs", "q8-difference"]
kind = "behaviour"
message_part = "list of tied networks"
"""

def tied_with_best(runs):
    names = sorted(runs, key=lambda name: -sum(runs[name]) / len(runs[name]))
    return names[:1]
