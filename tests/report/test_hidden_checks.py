"""What a hidden check tells its student: passed, not passed, or a person looks; never what the answer did."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.results import HIDDEN_HINT, HIDDEN_NOT_PASSED, CheckResult, Result
from autograder.platforms.nbgrader_notebook import NOTHING, autograded
from autograder.report import exports, pages, results_json
from autograder.report.load_run import Run
from tests.support.grading import TINY_COURSE, GradeFunction, outcomes
from tests.support.plans import compile_plan
from tests.support.sample_results import ANA, PROVENANCE

TINY = load_course(TINY_COURSE).assignment("tiny")
NOT_PASSED = (Outcome.FAILED, Outcome.ERRORED, Outcome.BLOCKED)
TRICKS = {
    "raises": "raise ValueError(values[0])",
    "raises another class": "raise type('leak40', (KeyError,), {})(values[0])",
    "raises below a thousand lines": "exec(1_000 * '\\n' + 'raise IndexError')",
    "exits": "raise SystemExit(40)",
    "ends its process": "import os; os._exit(4)",
    "is slow": "import time; time.sleep(0.7); raise ValueError",
    "is too slow": "import time; time.sleep(30)",
    "takes memory": "kept = np.ones(3 * 10**7); raise ValueError(len(kept))",
    "is not answered": "return None",
    "has another shape": "return np.zeros((4, 4))",
    "is another type": "return 'leak40'",
    "is of its own class": "return type('leak40', (), {})()",
    "is a generator": "return (value for value in values)",
    "is a frame": "import pandas; return pandas.DataFrame({'leak40': [[40]]})",
    "changes its argument": "values[0] = 0; return np.array([49.0, 0.0])",
}
"""What an answer does where it is asked for a width that only a hidden check asks for."""


def files(result: Result) -> dict[str, bytes]:
    """Return everything that students read of a result."""
    run = Run(Path("out"), TINY, (result,))
    views = {name: dump(run) for name, (_, dump) in exports.FORMATS.items() if name in STUDENT_FORMATS}
    views["results"] = results_json.dump(result)
    views["feedback"] = pages.feedback(result, title="Lab")
    return views


STUDENT_FORMATS = ("junit", "markdown", "annotations")


def with_hidden(outcome: Outcome, message: str = "", **costs: float) -> Result:
    """Return Ana's result with one hidden check, beside one that passed and visible ones that did not."""
    checks = [*ANA.checks]
    checks[3] = replace(checks[3], outcome=outcome, message=message, hint=message, **costs)
    return replace(ANA, checks=tuple(checks), **costs)


def test_each_way_not_to_pass_reads_the_same_in_every_view() -> None:
    wanted = files(with_hidden(Outcome.FAILED))
    for outcome, message in product(NOT_PASSED, ("", "f raised an error: KeyError in line 40.")):
        assert files(with_hidden(outcome, message, wall_s=9.5, peak_bytes=2**30)) == wanted
    for name, data in wanted.items():
        assert HIDDEN_NOT_PASSED in data.decode() and HIDDEN_HINT in data.decode(), name
    others = [files(with_hidden(outcome)) for outcome in Outcome if outcome not in NOT_PASSED]
    for one, other in product((wanted, *others), repeat=2):
        assert one is other or all(one[name] != other[name] for name in one)


@pytest.mark.parametrize("outcome", [Outcome.REVIEW, Outcome.UNGRADED, Outcome.PASSED])
def test_no_text_of_a_hidden_check_is_read_whatever_its_outcome(outcome: Outcome) -> None:
    for name, data in files(with_hidden(outcome, "leak40", wall_s=41.5)).items():
        assert b"leak40" not in data and b"41.5" not in data, name
    if outcome is Outcome.REVIEW:
        assert b"staff will look at it" in files(with_hidden(outcome, "leak40"))["feedback"]


def test_a_visible_check_keeps_its_words_and_no_times() -> None:
    slow = tuple(replace(check, wall_s=77.25, peak_bytes=77 * 2**20) for check in ANA.checks)
    views = files(replace(ANA, checks=slow, wall_s=77.25, train_s=77.25))
    assert views == files(ANA)
    assert all(b"pad raised an error: ValueError" in data for data in views.values())


def test_what_is_not_answered_is_said_where_the_visible_checks_say_it() -> None:
    visible = replace(ANA.checks[4], outcome=Outcome.BLOCKED, message="not answered yet", hint="Write it.")
    for outcome in NOT_PASSED:
        hidden = replace(visible, id="q3-hidden", hidden=True, outcome=outcome, message="x", hint="y")
        shown = replace(ANA, checks=(visible, hidden)).for_student().checks[1]
        assert (shown.outcome, shown.message, shown.hint) == (visible.outcome, visible.message, visible.hint)
    answered = replace(visible, id="q3-more", outcome=Outcome.FAILED)
    shown = replace(ANA, checks=(visible, answered, hidden)).for_student().checks[2]
    assert (shown.outcome, shown.message) == (Outcome.FAILED, HIDDEN_NOT_PASSED)


def test_two_answers_that_differ_in_what_they_do_inside_a_hidden_check_get_equal_files(
    grade: GradeFunction,
) -> None:
    def result_of(trick: str) -> Result:
        answer = "def moving_average(values, width=width):\n"
        answer += f"    if width == 4:\n        {trick}\n"
        answer += "    return np.convolve(values, np.ones(width), 'valid') / width\n"
        result = grade({"q1-answer": answer})
        same_bytes = replace(result.provenance, submission_sha256=PROVENANCE.submission_sha256)
        return replace(result, provenance=same_bytes)

    wrong = result_of("return np.zeros(2)")
    for name, trick in TRICKS.items():
        result = result_of(trick)
        assert result.for_student().checks[2] == wrong.for_student().checks[2], name
        lost = [check for check, outcome in outcomes(result).items() if outcome != "passed"]
        if name == "ends its process":  # twice, and then no check of the question runs any more
            assert lost == ["q1-hidden-values", "q1-hidden-length"]
        else:
            assert lost == ["q1-hidden-values"], name
            assert files(result) == files(wrong), name


UNREADABLE = "def moving_average(values, width=width):\n    {body}\n"


@pytest.mark.parametrize(
    "body",
    [
        "return (float(value) for value in np.convolve(values, np.ones(width), 'valid') / width)",
        "return type('Own', (dict,), {})(mean=1.0)",
        "return map(float, values)",
        "import collections; return collections.deque(values)",
        "return memoryview(np.ones(3))",
        "import itertools; return itertools.accumulate(values)",
        # What a hidden check alone gets plays no part: wrong, an error or unreadable reads the same.
        "return np.zeros(2) if width == 4 else iter(values)",
        "return 1 / 0 if width == 4 else iter(values)",
    ],
)
def test_where_a_visible_check_cannot_read_the_answer_a_person_decides_on_the_hidden_ones_too(
    grade: GradeFunction, body: str
) -> None:
    result = grade({"q1-answer": UNREADABLE.format(body=body)})
    q1 = [check for check in result.checks if check.question == "q1"]
    assert {check.outcome for check in q1} == {Outcome.REVIEW}
    assert sum(check.points for check in result.review_checks) == sum(check.points for check in q1)
    assert b"not right yet" not in pages.feedback(result, title="Lab")
    shown = [check for check in result.for_student().checks if check.question == "q1" and check.hidden]
    assert {(check.outcome, check.message, check.hint) for check in shown} == {(Outcome.REVIEW, "", "")}


def test_the_notebook_for_nbgrader_reads_the_same_too() -> None:
    source = compile_plan(TINY).source
    hidden = next(check for check in source.checks() if check.hidden)
    release = new_notebook(cells=[new_code_cell("", id=hidden.cell.id)])
    texts = set()
    for outcome in NOT_PASSED:
        check = CheckResult(hidden.cell.id, "q1", hidden.title, True, 3, outcome, f"{outcome} 40", "40")
        nb = autograded(release, source, replace(ANA, checks=(check,)), NOTHING)
        texts.add(nb.cells[0].outputs[0].text)
    assert texts == {f"failed: {hidden.title}\n{HIDDEN_NOT_PASSED}\n{HIDDEN_HINT}\n"}
