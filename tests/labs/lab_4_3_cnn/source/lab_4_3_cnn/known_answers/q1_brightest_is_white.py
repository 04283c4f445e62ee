"""
question = "q1"
misconception = "The brightest pixel of a batch is white."
truth = "White is the largest value of the type, whatever a batch contains."
failing_checks = ["q1-dark-pictures"]
kind = "values"
"""

def normalize_images(images):
    return images[..., np.newaxis] / images.max()
