from otter.test_files import test_case

OK_FORMAT = False

name = "q8"
points = None

@test_case(points=2, hidden=False, 
    failure_message="Close models are tied, a distant one is not")
def check_tied_example(tied_with_best):
    """Close models are tied, a distant one is not"""
    import checks
    seen = checks.call(tied_with_best, {'A': 0.9, 'B': 0.89, 'C': 0.6}, 1000)
    checks.equal(seen, ['A', 'B'], any_order=True, what='the list of tied models', hint='Whose accuracy is at most two standard errors below the best?')

@test_case(points=1, hidden=False, 
    failure_message="The names come in a list")
def check_tied_list(tied_with_best):
    """The names come in a list"""
    import checks
    seen = checks.call(tied_with_best, {'A': 0.9, 'B': 0.89, 'C': 0.6}, 1000)
    checks.of_type(seen, list, tuple, what='the result')

