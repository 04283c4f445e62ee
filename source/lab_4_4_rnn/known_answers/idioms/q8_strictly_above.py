"""
question = "q8"
seen = "answers with > where the border counts"
failing_checks = ["q8-perfect"]
"""

def tied_with_best(accuracies, n_test):
    best_accuracy = max(accuracies.values())
    std_error = np.sqrt(best_accuracy * (1 - best_accuracy) / n_test)
    tied_models = []
    for model_name, accuracy in accuracies.items():
        if accuracy > best_accuracy - 2 * std_error:
            tied_models.append(model_name)
    return tied_models
