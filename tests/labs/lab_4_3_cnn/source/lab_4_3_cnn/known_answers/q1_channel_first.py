"""
question = "q1"
misconception = "The axis of the channels comes before height and width."
truth = "Keras expects the channels behind height and width."
failing_checks = ["q1-channel-axis"]
kind = "shape"
"""

def normalize_images(images):
    return np.expand_dims(images / 255.0, 1)
