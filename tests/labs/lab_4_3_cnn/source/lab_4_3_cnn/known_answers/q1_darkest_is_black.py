"""
question = "q1"
misconception = "The darkest pixel of a batch is black, and the given pictures may be changed."
truth = "Black is the same number in every batch, and whoever passes an array keeps it."
failing_checks = ["q1-dark-pictures", "q1-images-unchanged"]
kind = "values"
"""

def normalize_images(images):
    images -= images.min()
    return images[..., np.newaxis] / 255.0
