from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=3, hidden=False, 
    failure_message="Words are looked up by their rank")
def check_decode_words(decode_review):
    """Words are looked up by their rank"""
    import checks
    index = {1: 'a', 2: 'film'}
    ids, text = ([1, 5, 4], '<start> film a')
    seen = checks.call(decode_review, ids, index)
    checks.equal(seen, text, what='the decoded review', hint='Which rank belongs to the id 4?')

