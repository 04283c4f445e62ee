from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = None

@test_case(points=1, hidden=False, 
    failure_message="The count of this lab's SimpleRNN is right")
def check_params_simple(rnn_params):
    """The count of this lab's SimpleRNN is right"""

    def check(rnn_params):
        import checks
        seen = checks.call(rnn_params, 'simple_rnn', 32, 32)
        checks.equal(seen, 2080, what='the count for simple_rnn', hint='Write down the shape of each weight array first.')
    check(rnn_params)

@test_case(points=1, hidden=False, 
    failure_message="The count of this lab's LSTM is right")
def check_params_lstm(rnn_params):
    """The count of this lab's LSTM is right"""

    def check(rnn_params):
        import checks
        seen = checks.call(rnn_params, 'lstm', 32, 32)
        checks.equal(seen, 8320, what='the count for lstm', hint='Write down the shape of each weight array first.')
    check(rnn_params)

@test_case(points=1, hidden=False, 
    failure_message="The count of this lab's GRU is right")
def check_params_gru(rnn_params):
    """The count of this lab's GRU is right"""

    def check(rnn_params):
        import checks
        seen = checks.call(rnn_params, 'gru', 32, 32)
        checks.equal(seen, 6336, what='the count for gru', hint='Write down the shape of each weight array first.')
    check(rnn_params)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 4 of 8 points.", 
    failure_message="The count is an int")
def check_params_int(rnn_params):
    """The count is an int"""

    def check(rnn_params):
        import checks
        for kind in ('simple_rnn', 'lstm', 'gru'):
            seen = checks.call(rnn_params, kind, 32, 32)
            checks.of_type(seen, int, what='the count for ' + kind, hint='A division with / gives a float.')
    check(rnn_params)

