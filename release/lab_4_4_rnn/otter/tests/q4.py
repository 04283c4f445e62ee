from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=3, hidden=False, 
    failure_message="The new state has one row per input and one column per unit")
def check_step_shape(rnn_step):
    """The new state has one row per input and one column per unit"""

    def check(rnn_step):
        import checks
        import numpy as np
        rng = np.random.default_rng(0)
        sizes = [(4, 3), (4, 2), (3, 2), (2, 2), (2,)]
        seen = checks.call(rnn_step, *[rng.normal(size=size) for size in sizes])
        checks.shape(seen, (4, 2), what='the new state', hint='A row of x_t meets a column of Wx: that is @ in NumPy.')
    check(rnn_step)

@test_case(points=2, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 5 of 10 points.", 
    failure_message="The worked example comes out right")
def check_step_example(rnn_step):
    """The worked example comes out right"""

    def check(rnn_step):
        import checks
        import numpy as np
        parts = [[[1.0]], [[0.5]], [[0.2]], [[0.4]], [0.1]]
        seen = checks.call(rnn_step, *[np.array(part) for part in parts])
        checks.close(seen, [[0.4621]], tolerance=0.0001, what='the new state', hint='Sum the three parts first, then squeeze the sum.')
    check(rnn_step)

