"""What is told of a submission while it is graded."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from autograder.checks import Outcome
from autograder.engine.grade_submission import grade_with_retries
from autograder.engine.results import Result
from autograder.engine.run import Engine
from autograder.errors import StaffError
from autograder.submission.discover import find_submissions
from tests.engine.test_session import AVERAGE
from tests.support.grading import make_submission

KEEPS = AVERAGE.replace("    return", "    globals().setdefault('seen', []).extend(values)\n    return")
TELLS = "def standardize(values):\n    raise ValueError(globals().get('seen'))"


def watched(engine: Engine, answers: dict[str, str], folder: Path) -> tuple[Result, list[Result], list[int]]:
    """Return the result, all partial ones, and how many checks were not reached in each."""
    path = folder / "student.ipynb"
    path.write_bytes(make_submission(engine.plan, answers, {}))
    submission = find_submissions([path], engine.plan.assignment)[0]
    partial: list[Result] = []
    unreached: list[int] = []

    def watch(result: Result, left: frozenset[str]) -> None:
        assert left <= {check.id for check in result.ungraded_checks}
        partial.append(result)
        unreached.append(len(left))

    return grade_with_retries(submission, submission.data, engine.workers[0], watch), partial, unreached


def test_each_check_is_told_once_and_what_is_left_is_ungraded(engine: Engine, tmp_path: Path) -> None:
    result, partial, unreached = watched(engine, {}, tmp_path)
    assert unreached == [6, 5, 4, 3, 2, 1, 0]
    assert [len(item.ungraded_checks) for item in partial] == unreached
    assert [item.earned for item in partial] == sorted(item.earned for item in partial)
    assert (partial[-1].earned, partial[-1].points) == (result.earned, result.points)


def test_words_that_another_run_replaces_are_not_told(engine: Engine, tmp_path: Path) -> None:
    result, partial, _ = watched(engine, {"q1-answer": KEEPS, "q2-answer": TELLS}, tmp_path)
    visible = [check for check in result.checks if check.question == "q2" and not check.hidden]
    assert visible and all("ValueError" in check.message for check in visible)
    messages = {check.id: check for check in partial[-1].checks}
    assert [messages[check.id].outcome for check in visible] == [Outcome.ERRORED] * len(visible)
    assert {messages[check.id].message for check in visible} == {""}


def test_who_listens_may_end_it_and_the_next_submission_is_graded(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "student.ipynb"
    path.write_bytes(make_submission(engine.plan, {}, {}))
    submission = find_submissions([path], engine.plan.assignment)[0]

    full = Mock(side_effect=StaffError("the disk is full"))

    with pytest.raises(StaffError, match="full"):
        grade_with_retries(submission, submission.data, engine.workers[0], full)
    assert grade_with_retries(submission, submission.data, engine.workers[0]).earned == 14
