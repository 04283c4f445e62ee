"""
question = "q2"
misconception = "np.array makes a rectangle of anything."
truth = "Rows of different lengths make no rectangle: they need one width first."
failing_checks = [
    "q2-shape",
    "q2-dtype",
    "q2-fill",
    "q2-cut",
    "q2-rows",
    "q2-long",
    "q2-widths",
    "q2-empty",
    "q2-unchanged",
]
kind = "translated"
message_part = "different lengths"
"""

def pad_reviews(reviews, max_length=max_length):
    return np.array(reviews)[:, :max_length]
