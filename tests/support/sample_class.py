"""A made-up class of the lab: results drawn by chance, notebooks with outputs, some of them hostile."""

import base64
import hashlib
import json
import random
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.journal import store_submission
from autograder.engine.results import CheckResult, Misconception, Result, StaffMark
from autograder.known_answers import KnownAnswer
from autograder.notebook import Check, Question, Source
from autograder.report.load_run import Run
from tests.support.sample_results import PROVENANCE

ASSIGNMENT = load_course(Path(__file__).parents[2]).assignment("lab_4_4_rnn")
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
BIDI = "\u202e\u2066gnp.exe\u2069 \x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07"
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
    "////m8H////6/+b9//j/wAALCAAQAAgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oA"
    "CAEBAAA/AJx//9k="
)
"""A gray picture, 8 pixels wide and 16 high."""

Output = dict[str, Any]


@cache
def source() -> Source:
    return prepare(ASSIGNMENT).source


@cache
def load_known_answers() -> tuple[KnownAnswer, ...]:
    return known_answers.load(ASSIGNMENT)


def png(width: int = 60, height: int = 40, noise: int = 0) -> bytes:
    """Return a PNG file, teal or of random colors; noise cannot be compressed."""
    chance = random.Random(noise)
    rows = [chance.randbytes(3 * width) if noise else b"\0\x80\x80" * width for _ in range(height)]
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header), png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(data: bytes, kind: str = "png") -> Output:
    bundle = {f"image/{kind}": base64.b64encode(data).decode(), "text/plain": "<Figure size 6x4>"}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def stream(text: str) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": text}


def error(name: str, value: str) -> Output:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": [value]}


def execute_result(**bundle: str) -> Output:
    data = {name.replace("_", "/").replace("svgxml", "svg+xml"): text for name, text in bundle.items()}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}


def hostile_outputs() -> list[Output]:
    """Return outputs that attack whoever looks at them."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>"
    return [
        stream(SCRIPT + BIDI),
        error(SCRIPT, BIDI + SCRIPT),
        execute_result(text_html=SCRIPT, image_svgxml=svg, application_javascript="document.title='owned'"),
        execute_result(text_plain='"><a href="javascript:alert(1)">x</a>' + BIDI),
        picture(SCRIPT.encode()),
        picture(png()[:60]),
        {"output_type": "display_data", "data": {"image/png": "data:image/png;base64,AAAA"}},
        stream("https://example.org/x.png http://10.0.0.1/\n" * 3),
    ]


def notebook(
    codes: Mapping[str, str] | None = None, outputs: Mapping[str, Sequence[Output]] | None = None
) -> bytes:
    """Return the published solution, other answers and other outputs at some questions."""
    path = ASSIGNMENT.root / "solutions" / ASSIGNMENT.name / ASSIGNMENT.notebook.name
    raw = json.loads(path.read_bytes())
    texts = {f"{question}-answer": code for question, code in (codes or {}).items()}
    below = {f"{question}-answer": stored for question, stored in (outputs or {}).items()}
    for cell in raw["cells"]:
        cell["source"] = texts.get(cell["id"], cell["source"])
        if cell["id"] in below:
            cell["outputs"] = list(below[cell["id"]])
    return json.dumps(raw).encode()


ChooseOutcome = Callable[[Question, Check], Outcome]


def result(student: str, choose_outcome: ChooseOutcome, data: bytes = b"", **overrides: Any) -> Result:
    """Return a result of the lab, each check drawn."""
    checks = tuple(
        _check(question, check, choose_outcome(question, check))
        for question in source().questions
        for check in question.checks
    )
    digest = hashlib.sha256(data or student.encode("utf-8", "replace")).hexdigest()
    return Result(
        student,
        f"{student}.ipynb",
        ASSIGNMENT.name,
        checks,
        replace(PROVENANCE, submission_sha256=digest),
        **overrides,
    )


def _check(question: Question, check: Check, outcome: Outcome) -> CheckResult:
    output = {
        Outcome.PASSED: ("", ""),
        Outcome.FAILED: ("the result is wrong: found 7, wanted 9.", "Count the rows again."),
        Outcome.ERRORED: ("the function raised an error: ValueError.", "Read the last line of the error."),
        Outcome.BLOCKED: ("not answered yet.", ""),
        Outcome.REVIEW: ("the layer Attention2 is your own class.", ""),
        Outcome.UNGRADED: ("the trainer died", ""),
    }
    message, hint = output[outcome]
    return CheckResult(
        check.cell.id, question.name, check.title, check.hidden, check.points, outcome, message, hint, 0.2
    )


def all_passed(question: Question, check: Check) -> Outcome:
    return Outcome.PASSED


def in_review(question: Question, check: Check) -> Outcome:
    return Outcome.REVIEW if question.name in ("q2", "q5") else Outcome.PASSED


def all_blocked(question: Question, check: Check) -> Outcome:
    return Outcome.BLOCKED


def random_class(students: int, seed: int = 5) -> list[Result]:
    """Return a class in which some are better than others."""
    chance, actual = random.Random(seed), []
    beliefs = [answer for answer in load_known_answers() if answer.has_misconception]
    for place in range(students):
        skill = chance.betavariate(5, 2)

        def draw(question: Question, check: Check, skill: float = skill) -> Outcome:
            if chance.random() < skill + 0.1:
                return Outcome.PASSED
            return chance.choice([Outcome.FAILED, Outcome.FAILED, Outcome.ERRORED, Outcome.BLOCKED])

        item = result(f"student{place:03}", draw)
        wrong = {check.question for check in item.checks if check.outcome is Outcome.FAILED}
        guesses = {
            belief.question: Misconception(belief.misconception) for belief in chance.sample(beliefs, 20)
        }
        actual.append(
            replace(
                item,
                misconceptions={name: text for name, text in guesses.items() if name in wrong},
                flags=("A cell ended Python.",) if chance.random() < 0.05 else (),
                wall_s=chance.lognormvariate(1.2, 0.5),
                peak_bytes=int(chance.uniform(90, 420) * 2**20),
            )
        )
    return actual


def small_class(out: Path) -> Run:
    """Keep the notebooks of a right, a wrong, a hostile, an ungraded, a blank and an unusual student."""
    wrong = {answer.question: answer.code for answer in load_known_answers() if answer.has_misconception}
    outputs = {
        "q1": [stream("word numbers\n1 14 22\n"), error("NameError", "name 'words' is not defined")],
        "q2": [picture(png()), picture(JPEG, "jpeg")],
    }
    attacks = {question.name: hostile_outputs() for question in source().questions}
    notebooks = {
        "right": notebook(),
        "wrong": notebook(wrong, outputs),
        SCRIPT[:40]: notebook({"q1": f"# {SCRIPT}\n'{BIDI}'\n"}, attacks),
        "ungraded": notebook(),
        "blank": b"",
    }
    for student, data in notebooks.items():
        if data:
            store_submission(out, student, data)
    first = source().questions[0].name

    def partly(question: Question, check: Check) -> Outcome:
        return Outcome.FAILED if check.hidden else Outcome.PASSED

    def mixed(question: Question, check: Check) -> Outcome:
        return {"q1": Outcome.FAILED, "q3": Outcome.ERRORED, "q4": Outcome.BLOCKED}.get(
            question.name, partly(question, check)
        )

    def lost(question: Question, check: Check) -> Outcome:
        return Outcome.UNGRADED if question.name == first else Outcome.PASSED

    draws: dict[str, ChooseOutcome] = {"right": all_passed, "wrong": mixed, "ungraded": lost}
    seen = {"q5": StaffMark(7.5, "Right, but it sees the test reviews.")}
    results = [result("unusual", in_review, staff_marks=seen)]
    for student, data in notebooks.items():
        draw = draws.get(student, all_blocked)
        item = result(student, draw, data, wall_s=3.0, peak_bytes=2**28)
        if student == "wrong":
            item = replace(
                item,
                misconceptions={"q1": Misconception("An id is the rank of its word.")},
                repairs=("The cell stood there twice.",),
            )
        if student == SCRIPT[:40]:
            bad = tuple(replace(check, message=SCRIPT + BIDI, hint=SCRIPT) for check in item.checks)
            item = replace(item, checks=bad, flags=(SCRIPT,), repairs=(SCRIPT,), submission=SCRIPT)
        results.append(item)
    return Run(out, ASSIGNMENT, tuple(results))
