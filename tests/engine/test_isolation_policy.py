"""What a machine must isolate before it grades."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.course import IsolationPolicy
from autograder.engine import run
from autograder.engine.plan import GradingPlan
from autograder.errors import StaffError
from autograder.sandbox.layers import ALL_LAYERS, IsolationStatus, Layer

NOTHING = frozenset({Layer.SECCOMP, Layer.WATCHER})


def start(plan: GradingPlan, layers: frozenset[Layer], policy: IsolationPolicy, **changes: Any) -> None:
    """Start the worker of a machine that provides some layers."""
    grading = replace(plan.assignment.grading, isolation=policy)
    plan = replace(plan, assignment=replace(plan.assignment, grading=grading), **changes)
    zygote = SimpleNamespace(isolation=IsolationStatus(layers), close=lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.Zygote, "start", lambda *_, **__: zygote)
        run._start_zygote(plan, None, 0)  # type: ignore[arg-type]  the stand-in needs no configuration


def test_a_machine_that_holds_files_apart_grades(tiny_plan: GradingPlan) -> None:
    for layer in (Layer.ROOT, Layer.LANDLOCK):
        start(tiny_plan, NOTHING | {layer}, IsolationPolicy.ANY)
    start(tiny_plan, ALL_LAYERS, IsolationPolicy.FULL)


def test_a_machine_that_does_not_is_told_what_to_do(tiny_plan: GradingPlan) -> None:
    with pytest.raises(
        StaffError, match=r"could read the course's files.*or allow it with isolation: 'none'"
    ):
        start(tiny_plan, NOTHING, IsolationPolicy.ANY)
    with pytest.raises(StaffError, match=r"demands full isolation, .* lacks uid, .*set isolation to 'any'"):
        start(tiny_plan, NOTHING | {Layer.ROOT}, IsolationPolicy.FULL)


def test_it_grades_where_the_configuration_or_the_author_allows_it(tiny_plan: GradingPlan) -> None:
    start(tiny_plan, NOTHING, IsolationPolicy.NONE)
    start(tiny_plan, NOTHING, IsolationPolicy.ANY, is_own_code=True)


def test_a_user_of_its_own_holds_files_apart_only_under_root(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, expected in ((0, True), (1000, False)):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        assert IsolationStatus(NOTHING | {Layer.UID}).holds_files_apart is expected
