"""
question = "q3"
misconception = "A filter consists of its kernel."
truth = "A filter has a bias in addition to its kernel."
failing_checks = ["q3-example", "q3-wide-pictures", "q3-odd-sizes"]
kind = "formula"
message_part = "bias"
"""

def count_parameters(height, width, classes):
    rows, columns = height // 2 - 2, width // 2 - 2
    return [3 * 3 * 8, 3 * 3 * 8 * 16, rows * columns * 16 * classes]
