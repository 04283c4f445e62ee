from otter.test_files import test_case

OK_FORMAT = False

name = "q8"
points = None

@test_case(points=2, hidden=False, 
    failure_message="Close networks are tied, a distant one is not")
def check_tied_example(tied_with_best):
    """Close networks are tied, a distant one is not"""

    def check(tied_with_best):
        import checks
        runs = {'A': [0.9, 0.92, 0.91, 0.93], 'B': [0.88, 0.92, 0.89, 0.91], 'C': [0.6, 0.62, 0.64, 0.66]}
        seen = checks.call(tied_with_best, runs)
        checks.equal(seen, ['A', 'B'], any_order=True, what='the list of tied networks', hint='Whose mean is at most two standard errors of the difference below the best mean?')
    check(tied_with_best)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 3 of 6 points.", 
    failure_message="The names come in a list")
def check_tied_list(tied_with_best):
    """The names come in a list"""

    def check(tied_with_best):
        import checks
        seen = checks.call(tied_with_best, {'A': [0.9, 0.92, 0.91, 0.93], 'C': [0.6, 0.62, 0.64, 0.66]})
        checks.of_type(seen, list, tuple, what='the result')
    check(tied_with_best)

