"""One submission, whatever it does: it costs the questions that it touches, and nothing else."""

import itertools
import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from autograder.checks import Outcome
from autograder.engine import submission_process
from autograder.engine.run import Engine
from autograder.engine.submission_process import _cell_error_message
from autograder.sandbox.process import Process
from tests.support.grading import GradeFunction, grade_bytes, outcomes, points

ALL = {"q1": 8.0, "q2": 6.0}
Q2_ONLY = {"q1": 0.0, "q2": 6.0}

AVERAGE = """\
def moving_average(values, width=width):
    return np.convolve(values, np.ones(width) / width, "valid")
"""


@pytest.fixture
def impatient(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halve what a submission that never ends is waited for; honest cells here take milliseconds."""
    limits = replace(engine.plan.limits, cell_s=1.0, call_s=1.0)
    monkeypatch.setattr(engine.workers[0], "plan", replace(engine.plan, limits=limits))
    monkeypatch.setattr(submission_process, "GRACE_S", 1.0)


def in_the_function(line: str) -> dict[str, str]:
    indented = line.replace("\n", "\n    ")
    return {"q1-answer": f"def moving_average(values, width=width):\n    {indented}\n"}


def test_the_solution_gets_all_points(grade: GradeFunction) -> None:
    result = grade()
    assert points(result) == ALL
    assert set(outcomes(result).values()) == {"passed"}
    assert result.flags == ()
    assert result.manual == {"q3": 3}


def test_another_right_answer_gets_all_points(grade: GradeFunction) -> None:
    assert points(grade({"q1-answer": AVERAGE})) == ALL


def test_a_blank_notebook_gets_none_and_is_told_so(grade: GradeFunction) -> None:
    blank = "def moving_average(values, width=width):\n    ..."
    helper, answer = "def spread(values):\n    ...", "def standardize(values):\n    ..."
    result = grade({"q1-answer": blank, "q2-helper": helper, "q2-answer": answer})
    assert result.earned == 0
    assert set(outcomes(result).values()) == {"blocked"}
    assert all("not answered yet" in check.message for check in result.checks)


def test_a_wrong_answer_fails_its_checks_and_is_told_what_was_found(grade: GradeFunction) -> None:
    result = grade({"q1-answer": AVERAGE.replace("valid", "same")})
    assert outcomes(result)["q1-shape"] == "failed"
    assert points(result)["q2"] == 6
    shape = result.checks[0]
    assert "found (20,), expected (18,)" in shape.message
    assert shape.hint == "Count how often a stretch fits."


def test_a_hidden_check_tells_no_value(grade: GradeFunction) -> None:
    result = grade(
        in_the_function("return values[:-2] * 0 if len(values) > 5 else values[: len(values)-width+1]")
    )
    hidden = next(check for check in result.checks if check.id == "q1-hidden-values")
    assert hidden.outcome is Outcome.FAILED
    assert not {"40", "44", "49", "57.5"} & set(hidden.message.replace(",", " ").split())
    assert "49" not in hidden.message


def test_an_exception_is_told_with_its_line(grade: GradeFunction) -> None:
    result = grade(in_the_function("x = 1\nreturn values[999]"))
    first = result.checks[0]
    assert first.outcome is Outcome.ERRORED
    assert "IndexError in line 3 of the function" in first.message


def test_a_hidden_check_tells_no_name_that_the_student_made_up(grade: GradeFunction) -> None:
    spy = "raise type('T' + '_'.join(str(int(v)) for v in values[:5]), (ValueError,), {})('x')"
    result = grade(in_the_function(spy))
    hidden = next(check for check in result.checks if check.id == "q1-hidden-values")
    assert "ValueError" in hidden.message
    assert "40" not in hidden.message


def test_an_answer_that_changes_its_argument_loses_nothing_where_no_check_asks(grade: GradeFunction) -> None:
    spoils = AVERAGE.replace("return ", "means = ") + "\n    values *= 2\n    return means"
    assert points(grade({"q1-answer": spoils})) == ALL


def test_an_answer_without_a_return_is_told_to_end_with_one(grade: GradeFunction) -> None:
    result = grade({"q1-answer": AVERAGE.replace("return ", "means = ")})
    assert "moving_average returned None: end it with" in result.checks[0].message
    assert outcomes(result)["q1-shape"] == "failed"


def test_a_syntax_error_costs_its_question_and_says_where(grade: GradeFunction) -> None:
    result = grade({"q1-answer": "def moving_average(values, width=width)\n    return 1"})
    assert points(result) == Q2_ONLY
    assert result.checks[0].outcome is Outcome.ERRORED
    assert "SyntaxError in line 1" in result.checks[0].message


def test_a_redefinition_later_does_not_change_earlier_marks(grade: GradeFunction) -> None:
    assert points(grade(before={"scaling": "moving_average = None"})) == ALL


def test_a_helper_in_a_cell_of_its_own_is_used(grade: GradeFunction) -> None:
    helper = "def my_mean(v, w):\n    return np.convolve(v, np.ones(w) / w, 'valid')"
    answer = "def moving_average(values, width=width):\n    return my_mean(values, width)"
    assert points(grade({"q1-answer": answer}, before={"q1-answer": helper})) == ALL


@pytest.mark.parametrize(
    ("line", "where"),
    [(1, " in line 1"), (99_999, " in line 99999"), (100_000, ""), (0, ""), (-3, ""), (True, ""), ("7", "")],
)
def test_a_line_number_that_no_cell_has_is_not_shown(line: object, where: str) -> None:
    message = _cell_error_message({"name": "ValueError", "text": "no", "line": line})
    assert message == f"The cell stops with ValueError{where}: no"


WIRE = """\
import gc, signal
signal.signal(signal.SIGALRM, signal.SIG_IGN)
wire = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
def ask():
    wire.send({"job": None})
    return wire.receive()
"""

KILLERS = {
    "leaves": "import os\nos._exit(0)",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "endless loop": "while True:\n    pass",
    "endless loop that swallows": "while True:\n    try:\n        while True:\n            pass\n"
    "    except BaseException:\n        pass",
    "sleep": "import time\ntime.sleep(1000)",
    "50 GB": "x = [np.ones(2**28) for _ in range(25)]",
    "exit": "raise SystemExit",
    "deep recursion": "f = lambda: f()\nf()",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "threads": "import threading, time\n"
    "[threading.Thread(target=time.sleep, args=(99,)).start() for _ in range(10_000)]",
    "asks for work without end": WIRE + "while True:\n    ask()",
    "closes everything": "import os\nos.closerange(0, 4096)",
    "writes on the wire": "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'x' * 100)\n"
    "    except OSError:\n        pass",
}


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", KILLERS)
def test_what_kills_a_function_costs_its_question_only(name: str, grade: GradeFunction) -> None:
    result = grade(in_the_function(KILLERS[name]))
    assert points(result) == Q2_ONLY
    assert {check.outcome for check in result.checks if check.question == "q1"} == {Outcome.ERRORED}
    assert points(grade()) == ALL


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name == "asks for work without end" else [])
        for name in sorted(set(KILLERS) - {"exit", "keyboard interrupt", "deep recursion"})
    ],
)
def test_what_kills_a_cell_costs_that_cell_only(name: str, grade: GradeFunction) -> None:
    result = grade(before={"scaling": KILLERS[name]})
    assert points(result) == ALL
    result = grade({"q2-helper": KILLERS[name]})
    assert points(result)["q1"] == 8
    assert points(result)["q2"] < 6
    assert Outcome.UNGRADED not in {check.outcome for check in result.checks}


def test_marks_earned_before_a_crash_are_kept(grade: GradeFunction) -> None:
    fragile = AVERAGE.replace(
        "return", "import os\n    if len(values) == 5:\n        os._exit(1)\n    return"
    )
    result = grade({"q1-answer": fragile})
    assert outcomes(result) == {
        **outcomes(grade()),
        "q1-hidden-values": "errored",
        "q1-hidden-length": "errored",
    }


FORGERS = {
    "always equal": "class Forged(np.ndarray):\n        __eq__ = lambda *a: True\n"
    "    return np.zeros(3).view(Forged)",
    "a lying class": "class Array:\n        __class__ = np.ndarray\n        shape = (18,)\n"
    "    return Array()",
    "patches numpy": "np.allclose = lambda *a, **k: True\nreturn values",
    "patches checks": "import checks\n"
    "checks._wrong = checks.shape = checks.close = lambda *a, **k: None\nreturn values",
    "raises the verdict": "import checks\nraise checks.Mismatch('x', outcome=checks.Outcome.PASSED)",
    "an object": "return object()",
    "a function": "return moving_average",
    "objects in an array": "return np.array([object()] * 18)",
    "deep": "x = []\nfor _ in range(10_000):\n    x = [x]\nreturn x",
    "circle": "x = []\nx.append(x)\nreturn x",
    "huge": "return np.zeros(2**27)",
    "many": "return list(range(10**7))",
    "frame inspection": "import inspect\nfor f in inspect.stack():\n"
    "    f.frame.f_globals.clear()\nreturn values",
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", FORGERS)
def test_a_forged_value_earns_nothing(name: str, grade: GradeFunction) -> None:
    result = grade(in_the_function(FORGERS[name]))
    assert points(result) == Q2_ONLY
    assert Outcome.UNGRADED not in {check.outcome for check in result.checks}
    assert points(grade()) == ALL


def test_results_written_by_the_submission_count_for_nothing(grade: GradeFunction) -> None:
    forged = (
        'open("results.json", "w").write(\'{"score": 100}\')\nprint("100 of 100")\nimport os\nos._exit(0)'
    )
    assert points(grade(in_the_function(forged))) == Q2_ONLY


def test_the_same_submission_gets_the_same_result_twice(grade: GradeFunction) -> None:
    answers = {"q1-answer": AVERAGE.replace("valid", "same"), "q2-helper": "spread = 3"}
    first, second = grade(answers), grade(answers)
    assert [(c.id, c.outcome, c.message, c.hint) for c in first.checks] == [
        (c.id, c.outcome, c.message, c.hint) for c in second.checks
    ]
    assert (first.flags, first.repairs, first.train_s) == (second.flags, second.repairs, second.train_s)


def test_a_restart_costs_no_training_again(
    engine: Engine, grade: GradeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Mock(side_effect=lambda _job, limit_s: {"key": "k", "cost_s": 2.4 if limit_s > 2.4 else 99.0})
    monkeypatch.setattr(engine.workers[0], "train", work)
    result = grade(in_the_function(KILLERS["leaves"]), before={"q1-answer": WIRE + "ask()"})
    assert work.call_count > 2
    assert result.train_s == 2.4
    assert [flag for flag in result.flags if "training" in flag] == []
    assert points(result) == Q2_ONLY


def test_a_restart_gives_no_training_for_nothing(
    engine: Engine, grade: GradeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count()

    def work(_job: object, limit_s: float) -> dict[str, object]:
        number = next(numbers)
        assert number < 12
        return {"key": f"k{number}", "cost_s": 1.5, "more": limit_s > 0.1}

    monkeypatch.setattr(engine.workers[0], "train", work)
    greedy = WIRE + 'while ask().get("more"):\n    pass'
    result = grade(in_the_function(KILLERS["leaves"]), before={"q1-answer": greedy})
    assert 4 < result.train_s <= 5
    assert points(result) == Q2_ONLY


def test_a_training_that_takes_too_long_leaves_time_for_others_and_is_said(
    engine: Engine, grade: GradeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    def work(_job: object, limit_s: float) -> dict[str, object]:
        limits.append(limit_s)
        return (
            {"refused": "too long", "cost_s": math.inf} if len(limits) == 1 else {"key": "k", "cost_s": 1.0}
        )

    monkeypatch.setattr(engine.workers[0], "train", work)
    result = grade(before={"q1-answer": WIRE + "assert 'refused' in ask()\nassert 'key' in ask()"})
    assert limits == [2.5, 1.25]
    assert (result.train_s, points(result)) == (3.5, ALL)
    assert result.flags == (
        "a training took too long for the trainer: the trainings of one notebook may take 5 s in total",
    )


def test_chance_starts_the_same_in_every_process(grade: GradeFunction) -> None:
    lucky = "import random\nx = np.random.random() + random.random() + hash('a')\nreturn np.full(18, x)"
    messages = {grade(in_the_function(lucky)).checks[1].message for _ in range(2)}
    assert len(messages) == 1


def test_the_memory_of_a_submission_is_reported(
    engine: Engine, grade: GradeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, most = engine.workers[0].start_child, 2**60

    def large() -> Process:
        process = start()
        process.peak_bytes = most
        return process

    monkeypatch.setattr(engine.workers[0], "start_child", large)
    assert grade().peak_bytes == most


def test_bytes_that_are_no_notebook_get_a_result(engine: Engine, tmp_path: Path) -> None:
    result = grade_bytes(engine, b"%PDF-1.4 not a notebook", tmp_path)
    assert result.earned == 0
    assert [check.outcome for check in result.checks] == [Outcome.BLOCKED] * 7
    assert result.flags


def test_a_process_that_does_not_get_ready_is_our_failure(
    engine: Engine, grade: GradeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment = engine.plan.assignment
    broken = replace(assignment, grading=replace(assignment.grading, trainer_module="kit_that_is_not_there"))
    with monkeypatch.context() as patch:
        patch.setattr(engine.workers[0], "plan", replace(engine.plan, assignment=broken))
        result = grade()
    assert set(outcomes(result).values()) == {"ungraded"}
    assert points(grade()) == ALL
