"""Checks are asked once for the same replies, whoever asks, and nobody loses the thread."""

import pytest

from autograder.grade.dialogues import Dialogues, Turn, digest
from autograder.grade.engine import Engine
from autograder.grade.workshop import Dialogue, Fault, Workshop

OPENING = {"check": "q2-mean", "answers": [("standardise", "function")]}


def reply(workshop: Workshop, known: Dialogues, value: list[float]) -> str:
    dialogue = Dialogue(workshop, known, OPENING)
    call = dialogue.turn().frame
    assert call["call"] == "standardise"
    spelled = ("data", (call["args"], call["kwargs"]))
    dialogue.tell({"value": ("data", value), "args": spelled})
    return str(dialogue.turn().frame["verdict"]["outcome"])


def test_a_verdict_that_another_worker_came_to_does_not_confuse_the_grader(engine: Engine) -> None:
    workshop, known = engine.workshops[0], Dialogues()
    mine, theirs = Dialogue(workshop, known, OPENING), Dialogue(workshop, Dialogues(), OPENING)
    call = mine.turn().frame
    answer = {"value": ("data", 5), "args": ("data", (call["args"], call["kwargs"]))}
    mine.tell(answer)
    told = dict(mine.__class__.turn(mine).frame)
    assert told["verdict"]["outcome"] == "failed"
    begun = Dialogue(workshop, other := Dialogues(), OPENING)
    begun.turn()
    for told_before, turn in known._turns.items():
        other.remember(told_before, turn)
    begun.tell(answer)
    assert begun.turn().frame == told
    assert theirs.turn().frame["call"] == "standardise"
    theirs.tell(answer)
    assert theirs.turn().frame == told


def test_the_oldest_turns_are_forgotten_and_asked_again(engine: Engine) -> None:
    workshop, known = engine.workshops[0], Dialogues(most=1)
    outcomes = {reply(workshop, known, [1.0, 2.0, 3.0]) for _ in range(2)}
    assert outcomes == {"failed"}
    assert reply(workshop, known, [-1.0, -0.33, 1.36]) in ("failed", "passed")


def test_the_grader_is_not_asked_twice_for_the_same_dialogue(engine: Engine) -> None:
    workshop, known = engine.workshops[0], Dialogues()
    first = reply(workshop, known, [4.0, 5.0, 6.0])
    workshop.stop_grader()
    assert reply(workshop, known, [4.0, 5.0, 6.0]) == first
    assert workshop._grader is None


def test_a_check_that_asks_something_else_than_before_leaves_the_mark_open(engine: Engine) -> None:
    workshop, known = engine.workshops[0], Dialogues()
    other = {"call": "standardise", "args": (3,), "kwargs": {}}
    known.remember(digest(b"", OPENING), Turn(other, 0.0))
    dialogue = Dialogue(workshop, known, OPENING)
    assert dialogue.turn().frame == other
    dialogue.tell({"value": ("data", 5), "args": ("data", ((3,), {}))})
    with pytest.raises(Fault, match="something else than before"):
        dialogue.turn()
    assert reply(workshop, Dialogues(), [4.0, 5.0, 6.0]) == "failed"
