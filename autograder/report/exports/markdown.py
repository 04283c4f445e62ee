"""``summary.md``: points and sentences in GitHub's Markdown, for a job's summary or a comment.

Every text that comes from elsewhere passes ``_plain``: no character of it means anything to
Markdown or HTML, and it links, mentions and refers to nothing.
"""

import re
from collections.abc import Iterable, Iterator

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, Result
from autograder.report.exports import sentences
from autograder.report.gradebook import format_points, total
from autograder.report.load_run import Run
from autograder.report.pages import question_title
from autograder.text import one_line

NAME = "summary.md"

MAX_LENGTH = 60_000
"""Characters; a comment on GitHub holds 65,536."""

_TRUNCATED = "The rest does not fit in here; the pages of the run hold all of it.\n"
_SOME_CHECKS_NOT_GRADED = (
    "Some checks could not be graded because of a fault of ours; none of this counts against you."
)
_JOINER = "\u2060"  # invisible, and no break: what stands around it is not one word to a machine
_SPECIAL_CHARACTERS = re.compile(r"""[]!"#$%&*+/<=>@[\\^_`{|}~]|:(?=\S)|\A-|(?<=\d)[.)](?=\s)""")
_REFERENCE = re.compile(
    r"(?<=@)|(?<=[#!~$%&^])(?=[\w\"'])|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bgh)(?=-)", re.I
)


def dump(run: Run) -> bytes:
    """Return the bytes of ``summary.md``, a section for each student."""
    blocks = [f"# {_escape(run.assignment.title, 200)}\n"]
    blocks += [block for result in run.results for block in _section(result)]
    return "\n".join(_truncate(blocks)).encode("utf-8")


def _truncate(blocks: Iterable[str]) -> Iterator[str]:
    size = len(_TRUNCATED)
    for block in blocks:
        size += len(block) + 1
        if size > MAX_LENGTH:
            yield _TRUNCATED
            return
        yield block


def _section(result: Result) -> Iterator[str]:
    earned = total(result)
    points = (
        "not graded yet"
        if earned is None
        else f"{format_points(earned)} of {format_points(result.points)} points"
    )
    so_far = " so far" if result.ungraded_checks and earned is not None else ""
    yield f"## {_escape(result.student, 80)}: {points}{so_far}\n"
    if result.ungraded_checks:
        yield f"{_SOME_CHECKS_NOT_GRADED}\n"
    yield _table(result)
    if result.repairs:
        yield "Put right before grading:\n\n" + _list(_escape(repair, 300) for repair in result.repairs)
    for question in result.questions():
        lost = [
            check
            for check in result.checks
            if check.question == question and check.outcome is not Outcome.PASSED
        ]
        if lost:
            yield f"### {_title(question)}: {sentences.points(result, question)}\n"
            yield _list(map(_item, lost))
            if question in result.misconceptions:
                yield f"{_escape(misconception_message(result.misconceptions[question]), 600)}\n"


def _table(result: Result) -> str:
    rows = ["| question | points | of |", "| --- | ---: | ---: |"]
    marks = result.marks()
    for question, (_, possible) in result.questions().items():
        points = format_points(marks[question]) or "not graded yet"
        rows.append(f"| {_title(question)} | {points} | {format_points(possible)} |")
    rows += [
        f"| {_title(name)} | marked by staff | {format_points(worth)} |"
        for name, worth in result.manual.items()
    ]
    return "\n".join(rows) + "\n"


def _item(check: CheckResult) -> str:
    hidden = " (hidden check)" if check.hidden else ""
    told = " ".join(_escape(text, 400) for text in sentences.check_sentences(check))
    return f"**{_escape(sentences.title(check), 200)}**{hidden}: {told}"


def _list(items: Iterable[str]) -> str:
    return "".join(f"- {item}\n" for item in items)


def _title(question: str) -> str:
    return _escape(question_title(question), 80)


def _escape(text: str, max_length: int) -> str:
    """Return text that is read as it stands.

    A character reference never structures Markdown, but mentions and links are found in the
    text that it stands for; so a joiner parts what would be one.
    """
    parted = _REFERENCE.sub(_JOINER, one_line(text, max_length))
    return _SPECIAL_CHARACTERS.sub(lambda found: f"&#{ord(found[0])};", parted)
