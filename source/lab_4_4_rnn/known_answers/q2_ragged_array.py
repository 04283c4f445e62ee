"""
question = "q2"
misconception = "np.array makes a rectangle of anything."
failing_checks = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
kind = "translated"
message_part = "different lengths"
"""

def pad_reviews(reviews, max_length=max_length):
    return np.array(reviews)[:, :max_length]
