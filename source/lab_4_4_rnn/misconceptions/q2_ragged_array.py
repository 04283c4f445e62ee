"""
question = "q2"
belief = "np.array makes a rectangle of anything."
fails = ["q2-shape", "q2-values", "q2-rows", "q2-widths"]
kind = "translated"
says = "different lengths"
"""

def pad_reviews(reviews, max_length=max_length):
    return np.array(reviews)[:, :max_length]
