"""
question = "q8"
seen = "answers with > where the border counts"
failing_checks = []
"""

def tied_with_best(runs):
    means = {model_name: np.mean(accuracies) for model_name, accuracies in runs.items()}
    std_errors = {name: np.std(accuracies) / np.sqrt(len(accuracies)) for name, accuracies in runs.items()}
    best_model = max(means, key=means.get)
    tied_models = []
    for model_name in runs:
        se_difference = np.sqrt(std_errors[best_model] ** 2 + std_errors[model_name] ** 2)
        if means[model_name] > means[best_model] - 2 * se_difference:
            tied_models.append(model_name)
    return tied_models
