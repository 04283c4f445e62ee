"""The pages of a run: ``feedback.html`` for a student, ``report.html`` for staff.

A page holds all that it needs and asks nobody for more. Nothing runs in a student's page; in that
of staff one script of ours sorts a table, and the page's policy allows no other. Every text passes
``_fit`` on its way into a page and is escaped behind it, also where a template forgets to ask.
"""

import base64
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, GradingStatus, Result
from autograder.engine.run_folder import folder_name
from autograder.files import MEBIBYTE
from autograder.report import charts, gradebook, summary
from autograder.report.flags import group_by_flag
from autograder.report.image_budget import Figure
from autograder.report.similarity import MAX_PAIRS, SimilarPair
from autograder.report.submission_view import StoredOutputs
from autograder.text import multi_line, one_line

FEEDBACK = "feedback.html"
REPORT = "report.html"

_MAX_LENGTH = 700
_TEMPLATES = Path(__file__).parent / "templates"
_EMPTY: Mapping[str, Any] = MappingProxyType({})

OUTCOME_TEXTS: Mapping[Outcome, str] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "not right yet",
    Outcome.ERRORED: "stopped with an error",
    Outcome.BLOCKED: "could not start",
    Outcome.UNGRADED: "not graded: our fault",
}
_OUTCOME_SYMBOLS: Mapping[Outcome, str] = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.BLOCKED: "–",
    Outcome.UNGRADED: "?",
}


class _Question(NamedTuple):
    """A question as a student reads it."""

    name: str
    earned: float | None
    points: float
    checks: tuple[CheckResult, ...]
    misconception: str
    """A sentence; mostly empty."""

    stored_outputs: StoredOutputs
    """What the notebook held there."""

    @property
    def passed_count(self) -> int:
        return sum(check.outcome is Outcome.PASSED for check in self.checks)

    @property
    def is_unanswered(self) -> bool:
        return all(check.outcome is Outcome.BLOCKED for check in self.checks)

    @property
    def has_ungraded(self) -> bool:
        return any(check.outcome is Outcome.UNGRADED for check in self.checks)

    @property
    def reason(self) -> str:
        return next((check.student_message for check in self.checks if check.student_message), "")


def feedback(
    result: Result,
    *,
    title: str,
    headings: Mapping[str, str] = _EMPTY,
    stored_outputs: Mapping[str, StoredOutputs] = _EMPTY,
) -> bytes:
    """Return the page that a student reads: the title and hint of each check, no hidden value.

    Args:
        headings: titles by question, where they have one.
        shown: what the submission itself had stored, by question.
    """
    marks = result.marks()
    questions = [
        _Question(
            name,
            marks[name],
            points,
            tuple(check for check in result.checks if check.question == name),
            misconception_message(result.misconceptions[name]) if name in result.misconceptions else "",
            stored_outputs.get(name, StoredOutputs()),
        )
        for name, (_, points) in result.questions().items()
    ]
    present = [outcome for outcome in Outcome if any(check.outcome is outcome for check in result.checks)]
    return render(
        "feedback.html.j2",
        title=title,
        result=result,
        questions=questions,
        present=present,
        headings=headings,
    )


def report(
    results: Sequence[Result],
    *,
    title: str,
    headings: Mapping[str, str] = _EMPTY,
    similar_pairs: Sequence[SimilarPair] = (),
    answers: Mapping[str, Mapping[str, str]] = _EMPTY,
) -> bytes:
    """Return the page that staff reads: the class, its questions and checks, every student.

    Args:
        headings: titles by question, where they have one.
        alike: pairs whose answers nothing explains, see ``similarity``.
        answers: code by student and question, to be looked at where it is alike.
    """
    ordered = sorted(results, key=lambda result: result.student)
    whole = [result.earned for result in ordered if result.status is GradingStatus.GRADED]
    points = max((result.points for result in ordered), default=0.0)
    questions, reasons = summary.questions(ordered), group_by_flag(ordered)
    script = Markup((_TEMPLATES / "sort.js").read_text(encoding="utf-8"))
    return render(
        "report.html.j2",
        title=title,
        headings=headings,
        results=ordered,
        points=points,
        mean=fmean(whole) if whole else None,
        median=median(whole) if whole else None,
        questions=questions,
        checks=summary.checks(ordered),
        beliefs=summary.misconceptions(ordered),
        attention=reasons,
        looked_at=len({result.student for _, there in reasons for result in there}),
        alike=similar_pairs[:MAX_PAIRS],
        more_alike=max(0, len(similar_pairs) - MAX_PAIRS),
        answers=answers,
        charts=charts.draw_charts(ordered, questions, points, headings),
        middle_s=median([result.wall_s for result in ordered] or [0.0]),
        conditions=_conditions(ordered),
        fewest=summary.MIN_RESULTS,
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _conditions(results: Sequence[Result]) -> tuple[tuple[str, int], ...]:
    """Say under which isolation and versions how many were graded."""
    counts: dict[str, int] = {}
    for result in results:
        provenance = result.provenance
        missing = f" (without {', '.join(provenance.missing_layers)})" if provenance.missing_layers else ""
        versions = ", ".join(f"{name} {version}" for name, version in sorted(provenance.versions.items()))
        text = (
            f"Isolation {provenance.isolation}{missing}; data set {provenance.dataset}; seed "
            f"{provenance.seed}; source notebook {provenance.source_sha256[:12]}; {versions}"
        )
        counts[text] = counts.get(text, 0) + 1
    return tuple(counts.items())


def _sanitize(value: Any) -> Any:
    if isinstance(value, _MultilineText):
        return str(value)
    return one_line(value, _MAX_LENGTH) if isinstance(value, str) and not isinstance(value, Markup) else value


class _MultilineText(str):
    """Text that keeps its lines; it has been made fit to be shown, and is escaped all the same."""

    __slots__ = ()


def _code(text: str) -> str:
    return _MultilineText(multi_line(text, 6_000, 120))


def _link(student: str) -> str:
    return f"./{quote(os.fsencode(folder_name(student)), safe='')}/{FEEDBACK}"


def question_title(name: str, headings: Mapping[str, str] = _EMPTY) -> str:
    """Return how people read the name of a question: ``q3`` as ``Question 3``, with its heading."""
    found = re.fullmatch(r"q(\d+\w*)", name)
    number = f"Question {found[1]}" if found else name
    return f"{number}: {headings[name]}" if headings.get(name) else number


def _sentence(text: str) -> str:
    shown = one_line(text, _MAX_LENGTH - 1)
    return f"{shown}." if shown and shown[-1] not in ".!?…:" else shown


def _anchor(name: str) -> str:
    return "question-" + re.sub(r"[^A-Za-z0-9]+", "-", name)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_sanitize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        anchor=_anchor,
        code=_code,
        uri=lambda picture: Markup(picture),  # of ours, and far longer than a line
        link=_link,
        mebibytes=lambda size_bytes: f"{size_bytes / MEBIBYTE:,.0f}",
        number=gradebook.format_points,
        question=question_title,
        sentence=_sentence,
        short=lambda text, longest: one_line(text, longest),
        word=OUTCOME_TEXTS.__getitem__,
        mark=_OUTCOME_SYMBOLS.__getitem__,
    )
    environment.tests["figure"] = lambda part: isinstance(part, Figure)
    environment.globals.update(Outcome=Outcome, GradingStatus=GradingStatus, total=gradebook.total)
    return environment


_ENVIRONMENT = _environment()


def render(template: str, **values: Any) -> bytes:
    """Return a page made from one of the templates."""
    return _ENVIRONMENT.get_template(template).render(values).encode("utf-8")
