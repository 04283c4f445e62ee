"""Conversations with checks: cached steps, replay in a new grader, and the second run for messages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from autograder.engine.conversation import (
    MODEL_STOPS_GRADER,
    TRAINING_TOO_LONG,
    CheckSession,
    digest,
    run_check,
)
from autograder.engine.run import Engine
from autograder.engine.worker import CheckStep, GraderError, TrainingBudget, VerdictCache, Worker

OPENING = {"check": "q2-mean", "answers": [("standardize", "function")]}


def always(value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return an answer that returns the same value for every call."""
    return lambda call: {"value": ("data", value), "args": ("data", (call["args"], call["kwargs"]))}


def check_session(worker: Worker, cache: VerdictCache, train_s: float = 60.0) -> CheckSession:
    return CheckSession(worker, cache, OPENING, TrainingBudget(train_s))


def outcome(worker: Worker, cache: VerdictCache, value: Any) -> str:
    verdict = run_check(check_session(worker, cache), always(value))
    return str(verdict["outcome"])


def test_a_verdict_of_another_worker_does_not_confuse_the_grader(engine: Engine) -> None:
    worker, cache, other_cache = engine.workers[0], VerdictCache(), VerdictCache()
    verdict = run_check(check_session(worker, cache), always(5))
    assert verdict["outcome"] == "failed"
    session = check_session(worker, other_cache)
    call = session.next_step().frame
    assert call["call"] == "standardize"
    for key, step in cache._steps.items():
        other_cache.put(key, step)
    session.reply(always(5)(call))
    assert session.next_step().frame["verdict"] == verdict
    assert run_check(check_session(worker, VerdictCache()), always(5)) == verdict


def test_the_oldest_steps_are_dropped_and_requested_again(engine: Engine) -> None:
    worker, cache = engine.workers[0], VerdictCache(max_steps=1)
    assert {outcome(worker, cache, [1.0, 2.0, 3.0]) for _ in range(2)} == {"failed"}
    assert outcome(worker, cache, [-1.0, -0.33, 1.36]) in ("failed", "passed")


def test_the_grader_is_not_asked_twice_for_the_same_conversation(engine: Engine) -> None:
    worker, cache = engine.workers[0], VerdictCache()
    first = outcome(worker, cache, [4.0, 5.0, 6.0])
    worker.stop_grader()
    assert outcome(worker, cache, [4.0, 5.0, 6.0]) == first
    assert worker._grader is None


def test_a_grader_that_dies_in_a_check_is_replaced_and_hears_all_again(engine: Engine) -> None:
    worker = engine.workers[0]
    expected = outcome(worker, VerdictCache(), [4.0, 5.0, 6.0])
    session = check_session(worker, VerdictCache())
    call = session.next_step().frame
    assert worker._grader
    worker._grader.kill()
    session.reply(always([4.0, 5.0, 6.0])(call))
    assert session.next_step().frame["verdict"]["outcome"] == expected


def test_an_answer_that_dies_ends_the_check_and_the_grader_runs_the_next(engine: Engine) -> None:
    worker = engine.workers[0]

    def dies(_call: object) -> dict[str, Any]:
        raise LookupError

    with pytest.raises(LookupError):
        run_check(check_session(worker, VerdictCache()), dies)
    grader = worker._grader
    assert outcome(worker, VerdictCache(), [4.0, 5.0, 6.0]) == "failed"
    assert worker._grader is grader


def test_a_check_that_makes_another_call_than_before_stays_ungraded(engine: Engine) -> None:
    worker, cache = engine.workers[0], VerdictCache()
    other = {"call": "standardize", "args": (3,), "kwargs": {}}
    cache.put(digest(b"", OPENING), CheckStep(other))
    with pytest.raises(GraderError, match="a different call than before"):
        run_check(check_session(worker, cache), always(5))
    assert outcome(worker, VerdictCache(), [4.0, 5.0, 6.0]) == "failed"


def test_a_model_that_the_grader_does_not_survive_twice_is_left_to_a_person(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, cache = engine.workers[0], VerdictCache()
    ask = worker.ask_grader

    def die_of_models(message: Any, budget: TrainingBudget) -> CheckStep:
        if "value" in message:
            worker._ensure_grader().kill()
        return ask(message, budget)

    monkeypatch.setattr(worker, "ask_grader", die_of_models)
    model = {"value": ("list", [("model", {})]), "args": ("data", ((), {}))}
    verdict = run_check(check_session(worker, cache), lambda _call: model)
    assert verdict == MODEL_STOPS_GRADER
    with pytest.raises(GraderError):
        run_check(check_session(worker, cache), always(5))
    monkeypatch.undo()
    assert outcome(worker, cache, [4.0, 5.0, 6.0]) == "failed"


LEAVE = """
def leave():
    class Kept:
        pass

    kept = Kept()
    kept.itself = kept
"""
LOOK = """
def look():
    import gc

    assert not [item for item in gc.get_objects() if type(item).__name__ == "Kept"]
"""


def test_the_grader_keeps_nothing_that_only_refers_to_itself(engine: Engine) -> None:
    worker = engine.workers[0]
    definitions = [{"id": code, "code": code, "hidden": False} for code in (LEAVE, LOOK)]
    worker.ask_grader({"load": definitions}, TrainingBudget(0.0))
    for code in (LEAVE, LOOK):
        step = worker.ask_grader({"check": code, "answers": []}, TrainingBudget(0.0))
        assert step.frame["verdict"]["outcome"] == "passed"
    worker.stop_grader()


def train_in_each_check(worker: Worker, costs_s: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the first step of each check train; return the limits that it was given."""
    limits_s: list[float] = []
    ask = worker.ask_grader

    def ask_and_train(message: Any, budget: TrainingBudget) -> CheckStep:
        step = ask(message, budget)
        if "check" not in message:
            return step
        limits_s.append(budget.limit_s)
        return replace(step, train_s=(costs_s[len(limits_s) - 1],))

    monkeypatch.setattr(worker, "ask_grader", ask_and_train)
    return limits_s


def test_an_answer_that_takes_too_long_to_train_is_left_to_a_person(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, budget = engine.workers[0], TrainingBudget(60.0)
    limits_s = train_in_each_check(worker, [31.0, 10.0], monkeypatch)
    verdicts = []
    for value in (5, 6):
        session = CheckSession(worker, VerdictCache(), OPENING, budget)
        verdicts.append(run_check(session, always(value)))
    assert verdicts[0] == TRAINING_TOO_LONG
    assert verdicts[1]["outcome"] == "failed"
    assert limits_s == [30.0, 15.0]
    assert (budget.left_s, budget.spent_s) == (20.0, 40.0)


def test_a_training_that_somebody_else_caused_costs_and_stops_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, cache = engine.workers[0], VerdictCache()
    train_in_each_check(worker, [20.0], monkeypatch)
    seen = []
    for train_s in (60.0, 60.0, 30.0):
        budget = TrainingBudget(train_s)
        verdict = run_check(CheckSession(worker, cache, OPENING, budget), always([4.0, 5.0, 6.0]))
        seen.append((verdict["outcome"], budget.spent_s))
    assert seen == [("failed", 20.0), ("failed", 20.0), ("review", 15.0)]


def test_a_training_that_a_new_grader_repeats_is_charged_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, budget = engine.workers[0], TrainingBudget(60.0)
    limits_s = train_in_each_check(worker, [25.0, 25.0], monkeypatch)
    session = CheckSession(worker, VerdictCache(), OPENING, budget)
    call = session.next_step().frame
    assert worker._grader
    worker._grader.kill()
    session.reply(always([4.0, 5.0, 6.0])(call))
    assert session.next_step().frame["verdict"]["outcome"] == "failed"
    assert (limits_s, budget.spent_s) == ([30.0, 30.0], 25.0)
