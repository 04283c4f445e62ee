"""
question = "q1"
misconception = "Right: the axis is added with reshape."
failing_checks = []
"""

def normalize_images(images):
    count, height, width = images.shape
    return images.reshape(count, height, width, 1).astype(float) / 255.0
