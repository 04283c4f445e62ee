"""
question = "q3"
misconception = "Right: the weights of a network are counted."
failing_checks = []
"""

def count_parameters(height, width, classes):
    model = build_cnn(height, width, classes)
    return [layer.count_params() for layer in model.layers if layer.weights]
