from itertools import combinations

from autograder.report import similarity
from tools import measure_similarity as measured

KNOWN = {"q1": ("def double(values):\n    return [2 * value for value in values]\n",)}
UNUSUAL = (
    "def double(values):\n    total = {place: 0 for place, _ in enumerate(values)}\n"
    "    for place in total:\n        total[place] += sum((values[place], values[place]))\n"
    "    return list(total.values())\n"
)


def found(*codes: str) -> list[tuple[str, str]]:
    answers = {f"s{place}": {"q1": code} for place, code in enumerate(codes)}
    return [pair.students for pair in similarity.similar_pairs(answers, KNOWN)]


def test_names_comments_layout_and_spelling_do_not_count() -> None:
    item = "def f(x):\n    # a\n    y = 'a' + g(x, key=1_000)\n    return y.real\n"
    other = "def f(z):\n    '''Doc.'''\n    w = (\n      \"a\" + g(z, key=1000))\n    return w.real\n"
    left, right = similarity.tokens(item), similarity.tokens(other)
    assert [token for token in right if token not in "()"] == [token for token in left if token not in "()"]
    assert similarity.tokens("x.real") != similarity.tokens("x.imag")
    assert similarity.tokens("f(key=1)") != similarity.tokens("f(word=1)")
    assert similarity.tokens("") == ()


def test_code_that_is_no_python_is_compared_by_its_words() -> None:
    assert len(similarity.tokens("def f(:\n  'open\n\tx = = 3")) >= 5
    assert similarity.similar_pairs({"a": {"q1": "'''"}, "b": {"q1": ""}}, KNOWN) == ()


def test_an_unusual_answer_that_two_hand_in_is_a_hint() -> None:
    assert found(UNUSUAL, measured.disguise(UNUSUAL), KNOWN["q1"][0]) == [("s0", "s1")]


def test_what_the_question_forces_is_no_hint() -> None:
    assert found(KNOWN["q1"][0], measured.disguise(KNOWN["q1"][0])) == []


def test_what_many_write_is_no_hint() -> None:
    group = similarity.MIN_COMMON_COUNT
    assert len(found(*[UNUSUAL] * group)) == group * (group - 1) / 2
    assert found(*[UNUSUAL] * (group + 1)) == []


def test_an_author_is_no_classmate_of_their_own() -> None:
    """Four equal copies: each has three classmates with the same answer, one fewer than make it common."""
    copies = [UNUSUAL] * similarity.MIN_COMMON_COUNT
    assert found(*copies, KNOWN["q1"][0]) == list(combinations(("s0", "s1", "s2", "s3"), 2))
    assert found(*copies, UNUSUAL, KNOWN["q1"][0]) == []


def test_the_threshold_lies_above_answers_that_nobody_copied() -> None:
    apart = list(measured.independent_pairs())
    assert len(apart) > 500
    assert max(tokens for _, _, tokens in apart) < similarity.THRESHOLD
    assert all(pair.unexplained_tokens < similarity.THRESHOLD for pair in measured.independent_class_pairs())


def test_the_threshold_lies_below_notebooks_that_somebody_copied_in_disguise() -> None:
    full = measured.copied_notebooks()
    reached = {name for name, tokens in full.items() if tokens >= similarity.THRESHOLD}
    assert {name for name in full if name.startswith("right_")} <= reached
    assert len(reached) >= 0.8 * len(full)
