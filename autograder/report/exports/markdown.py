"""``summary.md``: points and sentences in GitHub's Markdown, for a job's summary or a comment.

Every text that comes from elsewhere passes ``_plain``: no character of it means anything to
Markdown or HTML, and it links, mentions and refers to nothing.
"""

import re
from collections.abc import Iterable, Iterator

from autograder.checks import Outcome
from autograder.grade.diagnosis import sentence
from autograder.grade.results import CheckResult, Result
from autograder.grade.text import one_line
from autograder.report.exports import sentences
from autograder.report.gradebook import number, total
from autograder.report.pages import question_title
from autograder.report.runs import Run

NAME = "summary.md"

MOST = 60_000
"""Characters; a comment on GitHub holds 65,536."""

_REST = "The rest does not fit in here; the pages of the run hold all of it.\n"
_OURS = "Some checks could not be graded because of a fault of ours; none of this counts against you."
_JOINER = "\u2060"  # invisible, and no break: what stands around it is not one word to a machine
_MEANING = re.compile(r"""[]!"#$%&*+/<=>@[\\^_`{|}~]|:(?=\S)|\A-|(?<=\d)[.)](?=\s)""")
_REFERENCE = re.compile(
    r"(?<=@)|(?<=[#!~$%&^])(?=[\w\"'])|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bgh)(?=-)", re.I
)


def dump(run: Run) -> bytes:
    """Return the bytes of ``summary.md``, a section for each student."""
    blocks = [f"# {_plain(run.assignment.title, 200)}\n"]
    blocks += [block for result in run.results for block in _section(result)]
    return "\n".join(_fitting(blocks)).encode("utf-8")


def _fitting(blocks: Iterable[str]) -> Iterator[str]:
    size = len(_REST)
    for block in blocks:
        size += len(block) + 1
        if size > MOST:
            yield _REST
            return
        yield block


def _section(result: Result) -> Iterator[str]:
    earned = total(result)
    points = "not graded yet" if earned is None else f"{number(earned)} of {number(result.points)} points"
    so_far = " so far" if result.ungraded and earned is not None else ""
    yield f"## {_plain(result.student, 80)}: {points}{so_far}\n"
    if result.ungraded:
        yield f"{_OURS}\n"
    yield _table(result)
    if result.repairs:
        yield "Put right before grading:\n\n" + _list(_plain(repair, 300) for repair in result.repairs)
    for question in result.questions():
        lost = [
            check
            for check in result.checks
            if check.question == question and check.outcome is not Outcome.PASSED
        ]
        if lost:
            yield f"### {_title(question)}: {sentences.points(result, question)}\n"
            yield _list(map(_item, lost))
            if question in result.beliefs:
                yield f"{_plain(sentence(result.beliefs[question]), 600)}\n"


def _table(result: Result) -> str:
    rows = ["| question | points | of |", "| --- | ---: | ---: |"]
    marks = result.marks()
    for question, (_, possible) in result.questions().items():
        points = number(marks[question]) or "not graded yet"
        rows.append(f"| {_title(question)} | {points} | {number(possible)} |")
    rows += [
        f"| {_title(name)} | marked by staff | {number(worth)} |" for name, worth in result.manual.items()
    ]
    return "\n".join(rows) + "\n"


def _item(check: CheckResult) -> str:
    hidden = " (hidden check)" if check.hidden else ""
    told = " ".join(_plain(text, 400) for text in sentences.of_check(check))
    return f"**{_plain(sentences.title(check), 200)}**{hidden}: {told}"


def _list(items: Iterable[str]) -> str:
    return "".join(f"- {item}\n" for item in items)


def _title(question: str) -> str:
    return _plain(question_title(question), 80)


def _plain(text: str, longest: int) -> str:
    """Return text that is read as it stands.

    A character reference never structures Markdown, but mentions and links are found in the
    text that it stands for; so a joiner parts what would be one.
    """
    parted = _REFERENCE.sub(_JOINER, one_line(text, longest))
    return _MEANING.sub(lambda found: f"&#{ord(found[0])};", parted)
