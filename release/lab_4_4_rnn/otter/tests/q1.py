from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=2, hidden=False, 
    failure_message="Words are looked up by their rank")
def check_decode_words(decode_review):
    """Words are looked up by their rank"""

    def check(decode_review):
        import checks
        index = {1: 'a', 2: 'film'}
        ids, text = ([5, 4, 5], 'film a film')
        seen = checks.call(decode_review, ids, index)
        checks.equal(seen, text, any_spacing=True, what='the decoded review', hint='Which rank belongs to the id 4?')
    check(decode_review)

@test_case(points=1, hidden=False, 
    success_message="Visible checks only: hidden checks bring the other 3 of 6 points.", 
    failure_message="The review is one text with single spaces between its words")
def check_decode_form(decode_review):
    """The review is one text with single spaces between its words"""

    def check(decode_review):
        import checks
        index = {1: 'a', 2: 'film'}
        seen = checks.call(decode_review, [1, 5, 4], index)
        checks.single_spaced(seen, what='the decoded review')
    check(decode_review)

