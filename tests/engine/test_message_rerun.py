"""Messages that a submission may have influenced after a hidden check come from a second run."""

from dataclasses import replace

from autograder.checks import Outcome
from autograder.engine.results import CheckResult
from autograder.engine.session import WITHHELD_MESSAGE, TaintTracker, replace_messages
from tests.support.sample_results import CHECKS

SHAPE, VALUES, SMALL = CHECKS[:3]


def test_only_what_comes_after_a_hidden_check_is_tainted() -> None:
    taint = TaintTracker()
    taint.add(VALUES.id)
    assert taint.without_tainted_message(VALUES) == VALUES
    taint.hidden_check_ran = True
    taint.add(SMALL.id)
    assert taint.check_ids == {SMALL.id}
    assert taint.without_tainted_message(SMALL) == replace(SMALL, message="", hint="")
    assert taint.without_tainted_message(VALUES) == VALUES


def test_tainted_messages_are_replaced_and_outcomes_never() -> None:
    requested = []

    def rerun(tainted: frozenset[str]) -> list[CheckResult]:
        requested.append(tainted)
        return [
            replace(SHAPE, outcome=Outcome.FAILED, message="second shape"),
            replace(VALUES, message="second values", hint="second hint"),
            replace(SMALL, outcome=Outcome.PASSED, message="second small"),
        ]

    checks = replace_messages((SHAPE, VALUES, SMALL), frozenset({VALUES.id, SMALL.id}), rerun)
    assert requested == [{VALUES.id, SMALL.id}]
    assert checks == (
        SHAPE,
        replace(VALUES, message="second values", hint="second hint"),
        replace(SMALL, message=WITHHELD_MESSAGE, hint=""),
    )


def test_without_tainted_messages_nothing_runs_again() -> None:
    def rerun(_tainted: frozenset[str]) -> list[CheckResult]:
        raise AssertionError

    assert replace_messages((SHAPE, VALUES), frozenset(), rerun) == (SHAPE, VALUES)
