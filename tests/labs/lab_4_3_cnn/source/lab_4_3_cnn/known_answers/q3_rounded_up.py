"""
question = "q3"
misconception = "Pooling keeps a last row that has no partner."
truth = "Pooling drops what does not fill a window."
failing_checks = ["q3-odd-sizes"]
kind = "formula"
"""

def count_parameters(height, width, classes):
    rows, columns = (height + 1) // 2 - 2, (width + 1) // 2 - 2
    return [(3 * 3 * 1 + 1) * 8, (3 * 3 * 8 + 1) * 16, (rows * columns * 16 + 1) * classes]
