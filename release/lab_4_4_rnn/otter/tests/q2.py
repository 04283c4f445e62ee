from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The result is one array with a row for each review")
def check_padded_shape(pad_reviews):
    """The result is one array with a row for each review"""

    def check(pad_reviews):
        import checks
        reviews, width = ([[5, 6], [7, 8, 9, 4]], 3)
        seen = checks.call(pad_reviews, reviews, width)
        checks.shape(seen, (2, 3), what='the padded array', hint='A row for each review, and as many columns as the caller asks for.')
    check(pad_reviews)

@test_case(points=1, hidden=False, 
    failure_message="The array holds integers")
def check_padded_dtype(pad_reviews):
    """The array holds integers"""

    def check(pad_reviews):
        import checks
        seen = checks.call(pad_reviews, [[5, 6], [7, 8, 9]], 3)
        checks.integers(seen, what='the padded array')
    check(pad_reviews)

@test_case(points=2, hidden=False, 
    failure_message="Short reviews are filled at the end")
def check_padded_fill(pad_reviews):
    """Short reviews are filled at the end"""

    def check(pad_reviews):
        import checks
        import numpy as np
        reviews, rows = ([[5, 6], [7, 8, 9]], np.array([[5, 6, 0], [7, 8, 9]]))
        seen = checks.call(pad_reviews, reviews, 3)
        checks.equal(seen, rows, what='the padded array', hint='Zeros belong behind the words.')
    check(pad_reviews)

@test_case(points=2, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 6 of 12 points.", 
    failure_message="Long reviews are cut at the end")
def check_padded_cut(pad_reviews):
    """Long reviews are cut at the end"""

    def check(pad_reviews):
        import checks
        import numpy as np
        reviews, rows = ([[7, 8, 9, 4], [5, 6, 2]], np.array([[7, 8, 9], [5, 6, 2]]))
        seen = checks.call(pad_reviews, reviews, 3)
        checks.equal(seen, rows, what='the padded array', hint='A long review keeps its beginning.')
    check(pad_reviews)

