"""
question = "q3"
misconception = "A kernel has two axes."
truth = "A kernel reaches through all channels of its input."
failing_checks = ["q3-example", "q3-wide-pictures", "q3-odd-sizes"]
kind = "formula"
"""

def count_parameters(height, width, classes):
    rows, columns = height // 2 - 2, width // 2 - 2
    return [(3 * 3 * 1 + 1) * 8, (3 * 3 + 1) * 16, (rows * columns * 16 + 1) * classes]
