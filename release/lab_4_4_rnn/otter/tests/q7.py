from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=4, hidden=False, 
    failure_message="The counts of the three layers of this lab are right")
def check_params_lab(rnn_params):
    """The counts of the three layers of this lab are right"""
    import checks
    for kind, count in {'simple_rnn': 2080, 'lstm': 8320, 'gru': 6336}.items():
        seen = checks.call(rnn_params, kind, 32, 32)
        what = 'the count for ' + kind
        checks.of_type(seen, int, what=what, hint='Numbers are counted in whole numbers.')
        checks.equal(seen, count, what=what, hint='Write down the shape of each weight array first.')

