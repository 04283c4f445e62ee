"""``annotations.txt``: lines that GitHub Actions shows beside a run when a step prints them.

One line for each question that has not all its points. The syntax of a line and what must be
escaped where: GitHub, "Workflow commands for GitHub Actions", and ``escapeData`` and
``escapeProperty`` of its toolkit. GitHub shows ten errors of a step.
"""

from collections.abc import Iterator

from autograder.checks import Outcome
from autograder.engine.results import Result
from autograder.report.exports import sentences
from autograder.report.load_run import Run
from autograder.report.pages import question_title
from autograder.text import one_line

NAME = "annotations.txt"


def dump(run: Run) -> bytes:
    """Return the bytes of ``annotations.txt``; none if every point is earned."""
    lines = [line for result in run.results for line in _lines(result)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _lines(result: Result) -> Iterator[str]:
    for question in result.questions():
        checks = [check for check in result.checks if check.question == question]
        lost = [check for check in checks if check.outcome is not Outcome.PASSED]
        if not lost:
            continue
        ours = all(check.outcome is Outcome.UNGRADED for check in lost)
        where = f"{one_line(result.student, 80)}, {one_line(question_title(question), 80)}"
        texts = [f"{sentences.title(check)}: {' '.join(sentences.check_sentences(check))}" for check in lost]
        yield _command(
            "warning" if ours else "error", f"{where}: {sentences.points(result, question)}", "\n".join(texts)
        )


def _command(level: str, title: str, message: str) -> str:
    escaped = _escape(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={escaped}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
