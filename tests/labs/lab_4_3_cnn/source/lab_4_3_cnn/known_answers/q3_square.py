"""
question = "q3"
misconception = "Pictures are square."
truth = "Height and width are numbers of their own."
failing_checks = ["q3-wide-pictures", "q3-odd-sizes"]
kind = "formula"
"""

def count_parameters(height, width, classes):
    rows, columns = height // 2 - 2, height // 2 - 2
    return [(3 * 3 * 1 + 1) * 8, (3 * 3 * 8 + 1) * 16, (rows * columns * 16 + 1) * classes]
