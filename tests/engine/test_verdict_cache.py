"""Checks are asked once for the same replies, whoever asks, and nobody loses the thread."""

import pytest

from autograder.engine.verdict_cache import CheckStep, VerdictCache, digest
from autograder.engine.worker import CheckSession, GraderError, Worker
from autograder.engine.worker_pool import Engine

OPENING = {"check": "q2-mean", "answers": [("standardise", "function")]}


def reply(workshop: Worker, known: VerdictCache, value: list[float]) -> str:
    dialogue = CheckSession(workshop, known, OPENING)
    call = dialogue.next_step().frame
    assert call["call"] == "standardise"
    spelled = ("data", (call["args"], call["kwargs"]))
    dialogue.reply({"value": ("data", value), "args": spelled})
    return str(dialogue.next_step().frame["verdict"]["outcome"])


def test_a_verdict_that_another_worker_came_to_does_not_confuse_the_grader(engine: Engine) -> None:
    workshop, known = engine.workers[0], VerdictCache()
    mine, theirs = CheckSession(workshop, known, OPENING), CheckSession(workshop, VerdictCache(), OPENING)
    call = mine.next_step().frame
    answer = {"value": ("data", 5), "args": ("data", (call["args"], call["kwargs"]))}
    mine.reply(answer)
    told = dict(mine.__class__.next_step(mine).frame)
    assert told["verdict"]["outcome"] == "failed"
    begun = CheckSession(workshop, other := VerdictCache(), OPENING)
    begun.next_step()
    for told_before, turn in known._steps.items():
        other.put(told_before, turn)
    begun.reply(answer)
    assert begun.next_step().frame == told
    assert theirs.next_step().frame["call"] == "standardise"
    theirs.reply(answer)
    assert theirs.next_step().frame == told


def test_the_oldest_turns_are_forgotten_and_asked_again(engine: Engine) -> None:
    workshop, known = engine.workers[0], VerdictCache(max_entries=1)
    outcomes = {reply(workshop, known, [1.0, 2.0, 3.0]) for _ in range(2)}
    assert outcomes == {"failed"}
    assert reply(workshop, known, [-1.0, -0.33, 1.36]) in ("failed", "passed")


def test_the_grader_is_not_asked_twice_for_the_same_dialogue(engine: Engine) -> None:
    workshop, known = engine.workers[0], VerdictCache()
    first = reply(workshop, known, [4.0, 5.0, 6.0])
    workshop.stop_grader()
    assert reply(workshop, known, [4.0, 5.0, 6.0]) == first
    assert workshop._grader is None


def test_a_check_that_asks_something_else_than_before_leaves_the_mark_open(engine: Engine) -> None:
    workshop, known = engine.workers[0], VerdictCache()
    other = {"call": "standardise", "args": (3,), "kwargs": {}}
    known.put(digest(b"", OPENING), CheckStep(other, 0.0))
    dialogue = CheckSession(workshop, known, OPENING)
    assert dialogue.next_step().frame == other
    dialogue.reply({"value": ("data", 5), "args": ("data", ((3,), {}))})
    with pytest.raises(GraderError, match="something else than before"):
        dialogue.next_step()
    assert reply(workshop, VerdictCache(), [4.0, 5.0, 6.0]) == "failed"
