"""The pages of a run: ``feedback.html`` for a student, ``report.html`` for staff.

A page is self-contained. Nothing runs in a student's page; in the staff's page one script,
``sort.js``, sorts a table, and the page's policy allows no other. Every text passes ``_sanitize``
on its way into a page and is escaped after that, even where a template forgets to ask for it.
"""

import base64
import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.checks import Outcome
from autograder.engine.misconceptions import misconception_message
from autograder.engine.results import CheckResult, GradingStatus, Result
from autograder.engine.run_folder import folder_name
from autograder.files import MEBIBYTE
from autograder.report import gradebook, summary
from autograder.report.marks import total
from autograder.report.similarity import MAX_PAIRS, SimilarPair
from autograder.report.submission_view import Figure, StoredOutputs
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
    Outcome.UNGRADED: "not graded because of a grader error",
}


@dataclass(frozen=True, slots=True)
class _QuestionFeedback:
    """One question as a student reads it."""

    name: str
    earned: float | None
    points: float
    checks: tuple[CheckResult, ...]
    misconception: str
    """A sentence; usually empty."""

    stored_outputs: StoredOutputs

    outcomes: Mapping[Outcome, int]
    """How many of the checks have each outcome; 0 for the others."""

    @property
    def is_unanswered(self) -> bool:
        return self.outcomes[Outcome.BLOCKED] == len(self.checks)

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
    """Return the page that a student reads: title and hint of each check, no hidden value.

    Args:
        result: the student's result.
        title: the assignment's.
        headings: titles by question, where they have one.
        stored_outputs: outputs in the submission itself, by question.
    """
    marks = result.marks()
    questions = []
    for name, (_, points) in result.questions().items():
        checks = tuple(check for check in result.checks if check.question == name)
        outcomes = Counter(check.outcome for check in checks)
        misconception = ""
        if name in result.misconceptions:
            misconception = misconception_message(result.misconceptions[name])
        outputs = stored_outputs.get(name, StoredOutputs())
        questions.append(
            _QuestionFeedback(name, marks[name], points, checks, misconception, outputs, outcomes)
        )
    not_passed = {check.outcome for check in result.checks} - {Outcome.PASSED}
    return render(
        "feedback.html.j2",
        title=title,
        result=result,
        questions=questions,
        explained_outcomes=sorted(not_passed, key=list(Outcome).index),
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
    """Return the page that staff read: the class, its questions and checks, every student.

    Args:
        results: one of each student.
        title: the assignment's.
        headings: titles by question, where they have one.
        similar_pairs: pairs with unexplained similarities, see ``similarity``.
        answers: code by student and question, shown for similar pairs.
    """
    results = sorted(results, key=lambda result: result.student)
    totals = [result.earned for result in results if result.status is GradingStatus.GRADED]
    seconds = [result.wall_s for result in results]
    memory = [result.peak_bytes / MEBIBYTE for result in results]
    points = max((result.points for result in results), default=0.0)
    flagged = summary.group_by_flag(results)
    # The policy admits exactly the script with this digest; anything injected is refused.
    script = Markup((_TEMPLATES / "sort.js").read_text(encoding="utf-8"))
    return render(
        "report.html.j2",
        title=title,
        headings=headings,
        results=results,
        points=points,
        mean=fmean(totals) if totals else None,
        median=median(totals) if totals else None,
        questions=summary.questions(results),
        checks=summary.checks(results),
        misconceptions=summary.misconceptions(results),
        flagged=flagged,
        flagged_count=len({result.student for _, group in flagged for result in group}),
        similar_pairs=similar_pairs[:MAX_PAIRS],
        omitted_pairs=max(0, len(similar_pairs) - MAX_PAIRS),
        answers=answers,
        totals=summary.distribution(results, points),
        seconds=summary.spread(seconds),
        memory=summary.spread(memory),
        median_s=median(seconds or [0.0]),
        conditions=_conditions(results),
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _conditions(results: Sequence[Result]) -> Sequence[tuple[str, int]]:
    """Return each combination of isolation and versions with the number of its results."""
    counts: Counter[str] = Counter()
    for result in results:
        provenance = result.provenance
        missing = ""
        if provenance.missing_layers:
            missing = f" (without {', '.join(provenance.missing_layers)})"
        versions = ", ".join(f"{name} {version}" for name, version in sorted(provenance.versions.items()))
        counts[
            f"Isolation {provenance.isolation}{missing}; dataset {provenance.dataset}; seed "
            f"{provenance.seed}; source notebook {provenance.source_sha256[:12]}; {versions}"
        ] += 1
    return tuple(counts.items())


def _sanitize(value: Any) -> Any:
    """Return what Jinja then escapes: one line without control characters, or trusted markup."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return one_line(value, _MAX_LENGTH)
    return value


def question_title(name: str, headings: Mapping[str, str] = _EMPTY) -> str:
    """Return a question's name for people: ``q3`` as ``Question 3``, with its heading."""
    number = re.sub(r"^q(\d+\w*)$", r"Question \1", name)
    return f"{number}: {headings[name]}" if headings.get(name) else number


def with_period(text: str) -> str:
    """Return a text that ends like a sentence."""
    return text if text[-1:] in ("", *".!?…:") else f"{text}."


# StrictUndefined: a name that a template misspells is an error and not an empty text.
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_sanitize,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    anchor=lambda name: "question-" + re.sub(r"[^A-Za-z0-9]+", "-", name),
    # Escaped here, because _sanitize would join the lines of a text that is not yet markup.
    code=lambda text, length=6_000, lines=120: escape(multi_line(text, length, lines)),
    # Markup, because base64 needs no escaping and is far longer than _MAX_LENGTH.
    data_uri=lambda figure: Markup(f"data:{figure.media_type};base64,{figure.base64}"),
    # Quoted as bytes: a student's name may be a file name that is not UTF-8.
    link=lambda student: f"./{quote(os.fsencode(folder_name(student)), safe='')}/{FEEDBACK}",
    mebibytes=lambda size_bytes: f"{size_bytes / MEBIBYTE:,.0f}",
    number=gradebook.format_points,
    percent=lambda share: f"{100 * share:.0f} %",
    question=question_title,
    sentence=lambda text: with_period(one_line(text, _MAX_LENGTH - 1)),
    short=one_line,
    outcome_text=OUTCOME_TEXTS.__getitem__,
)
_ENVIRONMENT.tests["figure"] = lambda part: isinstance(part, Figure)
_ENVIRONMENT.globals.update(Outcome=Outcome, GradingStatus=GradingStatus, summary=summary, total=total)


def render(template: str, **values: Any) -> bytes:
    """Return a page made from one of the templates."""
    return _ENVIRONMENT.get_template(template).render(values).encode("utf-8")
