"""
question = "q1"
misconception = "A gray picture has no channel."
truth = "A gray picture has one channel, which has an axis of its own."
failing_checks = ["q1-channel-axis"]
kind = "shape"
"""

def normalize_images(images):
    return images / 255.0
