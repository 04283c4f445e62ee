from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=3, hidden=False, 
    failure_message="The result is one integer array with a row per review")
def check_padded_shape(pad_reviews):
    """The result is one integer array with a row per review"""
    import checks
    reviews, width = ([[5, 6], [7, 8, 9, 4]], 3)
    seen = checks.call(pad_reviews, reviews, width)
    checks.shape(seen, (2, 3), what='the padded array', hint='How many columns did the caller ask for?')
    checks.integers(seen, what='the padded array')

@test_case(points=3, hidden=False, 
    failure_message="Reviews are filled and cut at the end")
def check_padded_values(pad_reviews):
    """Reviews are filled and cut at the end"""
    import checks
    import numpy as np
    reviews, width = ([[5, 6], [7, 8, 9, 4]], 3)
    rows = np.array([[5, 6, 0], [7, 8, 9]])
    seen = checks.call(pad_reviews, reviews, width)
    checks.equal(seen, rows, what='the padded array', hint='Zeros belong behind the words, and a long review keeps its beginning.')

