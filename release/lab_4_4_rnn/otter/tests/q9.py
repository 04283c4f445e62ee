from otter.test_files import test_case

OK_FORMAT = False

name = "q9"
points = None

@test_case(points=1, hidden=False, 
    failure_message="There is one row for each window that has a value after it")
def check_windows_rows(make_windows):
    """There is one row for each window that has a value after it"""

    def check(make_windows):
        import checks
        import numpy as np
        result = checks.call(make_windows, np.arange(5.0), 2)
        checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
        X = checks.as_array(result[0], (None, 2, 1), what='X')
        y = checks.as_array(result[1], (None,), what='y')
        checks.length(X, 3, what='X', hint='How many windows still have a next value?')
        checks.length(y, 3, what='y', hint='One value for each row of X.')
    check(make_windows)

@test_case(points=1, hidden=False, 
    failure_message="X has rows, steps and features")
def check_windows_x_shape(make_windows):
    """X has rows, steps and features"""

    def check(make_windows):
        import checks
        import numpy as np
        result = checks.call(make_windows, np.arange(5.0), 2)
        checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
        checks.shape(result[0], (None, 2, 1), what='X', hint='Rows, steps, features, in this order.')
    check(make_windows)

@test_case(points=1, hidden=False, 
    failure_message="y has one axis")
def check_windows_y_shape(make_windows):
    """y has one axis"""

    def check(make_windows):
        import checks
        import numpy as np
        result = checks.call(make_windows, np.arange(5.0), 2)
        checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
        checks.shape(result[1], (None,), what='y', hint='One value for each row of X, and no axis more.')
    check(make_windows)

@test_case(points=1, hidden=False, 
    failure_message="The first window is right")
def check_windows_first(make_windows):
    """The first window is right"""

    def check(make_windows):
        import checks
        import numpy as np
        result = checks.call(make_windows, np.arange(5.0), 2)
        checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
        X = checks.as_array(result[0], (None, 2, 1), what='X')
        checks.close(X[0, :, 0], [0.0, 1.0], what='the first row of X')
    check(make_windows)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 5 of 10 points.", 
    failure_message="The first target is the value after its window")
def check_windows_target(make_windows):
    """The first target is the value after its window"""

    def check(make_windows):
        import checks
        import numpy as np
        result = checks.call(make_windows, np.arange(5.0), 2)
        checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
        X = checks.as_array(result[0], (None, 2, 1), what='X')
        y = checks.as_array(result[1], (None,), what='y')
        checks.close(y[0], X[0, 1, 0] + 1, what='the first target', hint='It is the value after the window, which the window must not hold.')
    check(make_windows)

