"""
question = "q1"
misconception = "Whole numbers stay whole numbers when they are divided."
truth = "Between black and white lie fractions."
failing_checks = ["q1-white-is-one", "q1-dark-pictures"]
kind = "values"
"""

def normalize_images(images):
    return (images // 255)[..., np.newaxis]
