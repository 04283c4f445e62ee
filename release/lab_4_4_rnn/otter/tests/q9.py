from otter.test_files import test_case

OK_FORMAT = False

name = "q9"
points = None

@test_case(points=3, hidden=False, 
    failure_message="There is one row for each window that has a value after it")
def check_windows_shape(make_windows):
    """There is one row for each window that has a value after it"""
    import checks
    import numpy as np
    result = checks.call(make_windows, np.arange(5.0), 2)
    checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
    checks.shape(result[0], (3, 2, 1), what='X', hint='Rows, steps, features; how many windows still have a next value?')
    checks.shape(result[1], (3,), what='y', hint='One value per row of X.')

@test_case(points=2, hidden=False, 
    failure_message="The first window and its target are right")
def check_windows_example(make_windows):
    """The first window and its target are right"""
    import checks
    import numpy as np
    result = checks.call(make_windows, np.arange(5.0), 2)
    checks.length(result, 2, what='what make_windows returns', hint='Return X and y.')
    X, y = result
    checks.shape(X, (3, 2, 1), what='X')
    checks.shape(y, (3,), what='y')
    checks.close(X[0, :, 0], [0.0, 1.0], what='the first row of X')
    checks.close(y[0], 2.0, what='the first target', hint='It is the value after the window, which the window must not hold.')

