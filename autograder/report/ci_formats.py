"""What CI systems and code platforms show of a run, in words that students may read.

``junit.xml``: a suite for each student, a case for each check. A failed or blocked check is a
``failure`` (skipped cases would look as if all were well), an errored or ungraded one an ``error``.
GitLab shows the text of these elements, other systems their ``message``.

``summary.md``: points and sentences in GitHub's Markdown, for a job's summary or a comment.

``annotations.txt``: lines that GitHub Actions shows with a run when a step prints them, one for each
question that lost points. (GitHub, "Workflow commands for GitHub Actions"; ``escapeData`` and
``escapeProperty`` in its toolkit.) GitHub shows ten errors of a step.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, Result
from autograder.report.gradebook import format_points
from autograder.report.load_run import Run
from autograder.report.marks import total
from autograder.report.pages import OUTCOME_TEXTS, question_title, with_period
from autograder.report.results_json import CHECK_NOT_GRADED, REPAIRS_HEADING, lost_checks
from autograder.text import one_line

JUNIT_NAME = "junit.xml"
MARKDOWN_NAME = "summary.md"
ANNOTATIONS_NAME = "annotations.txt"

MAX_LENGTH = 60_000
"""Characters of ``summary.md``; a comment on GitHub holds 65,536."""

_TRUNCATED = "The rest does not fit here; the run's pages have all of it.\n"
_SOME_CHECKS_NOT_GRADED = (
    "Some checks could not be graded because of a grader error; this does not count against you."
)
_JOINER = "\u2060"  # invisible, and not a break: to a machine, the text around it is not one word
_SPECIAL_CHARACTERS = re.compile(r"""[]!"#$%&*+/<=>@[\\^_`{|}~]|:(?=\S)|\A-|(?<=\d)[.)](?=\s)""")
_REFERENCE = re.compile(
    r"(?<=@)|(?<=[#!~$%&^])(?=[\w\"'])|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bgh)(?=-)", re.I
)


def dump_junit(run: Run) -> bytes:
    """Return the bytes of ``junit.xml``."""
    # Every text passes one_line: XML 1.0 cannot represent control characters, even escaped.
    root = Element("testsuites", name=one_line(run.assignment.title, 200))
    for result in run.results:
        student = one_line(result.student, 200)
        suite = SubElement(root, "testsuite", name=student)
        for check in result.checks:
            # GitLab merges cases of the same class and name, so the class holds the student.
            case = SubElement(
                suite,
                "testcase",
                classname=one_line(f"{student}.{check.question}", 300),
                name=one_line(f"{check.id}: {one_line(check.title, 200)}", 300),
                time=f"{check.wall_s:.3f}",
            )
            if check.outcome is not Outcome.PASSED:
                texts = _sentences(check)
                kind = "failure" if check.outcome in (Outcome.FAILED, Outcome.BLOCKED) else "error"
                element = SubElement(case, kind, type=check.outcome.value, message=texts[0])
                element.text = "\n".join(texts)
        _set_counts(suite)
        suite.set("skipped", "0")
        suite.set("time", f"{result.wall_s:.3f}")
    _set_counts(root)
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _set_counts(element: Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(name, str(len(element.findall(f".//{tag}"))))


def dump_annotations(run: Run) -> bytes:
    """Return the bytes of ``annotations.txt``; none if every point is earned."""
    lines = []
    for result in run.results:
        for question, lost in lost_checks(result).items():
            level, messages = "warning", []
            for check in lost:
                messages.append(f"{one_line(check.title, 200)}: {' '.join(_sentences(check))}")
                if check.outcome is not Outcome.UNGRADED:
                    level = "error"
            name = f"{one_line(result.student, 80)}, {one_line(question_title(question), 80)}"
            # An unescaped newline would begin a new command, e.g. ::add-mask::.
            title = _escape_command(f"{name}: {_points(result, question)}")
            title = title.replace(":", "%3A").replace(",", "%2C")
            message = _escape_command("\n".join(messages))
            lines.append(f"::{level} title={title}::{message}\n")
    return "".join(lines).encode("utf-8")


def _escape_command(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def dump_markdown(run: Run) -> bytes:
    """Return the bytes of ``summary.md``, a section for each student."""
    blocks = [f"# {_escape(run.assignment.title, 200)}\n"]
    size = len(_TRUNCATED) + len(blocks[0]) + 1
    for result in run.results:
        for block in _section(result):
            size += len(block) + 1
            if size > MAX_LENGTH:
                return "\n".join([*blocks, _TRUNCATED]).encode("utf-8")
            blocks.append(block)
    return "\n".join(blocks).encode("utf-8")


def _section(result: Result) -> Iterator[str]:
    points = "not graded yet"
    if total(result) is not None:
        so_far = " so far" if result.ungraded_checks else ""
        points = f"{format_points(result.earned)} of {format_points(result.points)} points{so_far}"
    yield f"## {_escape(result.student, 80)}: {points}\n"
    if result.ungraded_checks:
        yield f"{_SOME_CHECKS_NOT_GRADED}\n"
    table = "| question | points | of |\n| --- | ---: | ---: |\n"
    marks = result.marks()
    for question, (_, possible) in result.questions().items():
        earned = format_points(marks[question]) or "not graded yet"
        table += f"| {_escape(question_title(question), 80)} | {earned} | {format_points(possible)} |\n"
    for question, possible in result.manual.items():
        title = _escape(question_title(question), 80)
        table += f"| {title} | marked by staff | {format_points(possible)} |\n"
    yield table
    if result.repairs:
        repairs = f"{REPAIRS_HEADING}\n\n"
        for repair in result.repairs:
            repairs += f"- {_escape(repair, 300)}\n"
        yield repairs
    for question, lost in lost_checks(result).items():
        yield f"### {_escape(question_title(question), 80)}: {_points(result, question)}\n"
        items = ""
        for check in lost:
            hidden = " (hidden check)" if check.hidden else ""
            texts = " ".join(_escape(text, 400) for text in _sentences(check))
            items += f"- **{_escape(check.title, 200)}**{hidden}: {texts}\n"
        yield items
        if question in result.misconceptions:
            yield f"{_escape(misconception_message(result.misconceptions[question]), 600)}\n"


def _escape(text: str, max_length: int) -> str:
    """Return text in which no character means anything to Markdown or HTML, and nothing is a link.

    A character reference never structures Markdown, but GitHub looks for mentions and links in the
    text that it decodes to; so an invisible joiner splits what would be one.
    """
    split = _REFERENCE.sub(_JOINER, one_line(text, max_length))
    return _SPECIAL_CHARACTERS.sub(lambda character: f"&#{ord(character[0])};", split)


def _points(result: Result, question: str) -> str:
    earned, possible = result.marks()[question], result.questions()[question][1]
    if earned is None:
        return "not graded yet"
    return f"{format_points(earned)} of {format_points(possible)} points"


def _sentences(check: CheckResult) -> list[str]:
    """Return outcome and hint of a check that did not pass, one line each.

    They may contain text of the student's: each format escapes them in its own way.
    """
    if check.outcome is Outcome.UNGRADED:
        return [CHECK_NOT_GRADED]
    sentence = OUTCOME_TEXTS[check.outcome].capitalize()
    message = one_line(check.student_message, 300)
    if message:
        sentence += f": {message}"
    sentences = [with_period(sentence)]
    if check.hint:
        sentences.append(with_period(f"Hint: {one_line(check.hint, 300)}"))
    return sentences
