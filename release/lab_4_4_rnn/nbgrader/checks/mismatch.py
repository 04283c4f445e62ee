"""What a check finds: an outcome, and one sentence that explains it."""

import re
import textwrap
import warnings
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import numpy as np

from .table_view import TableView, UnreadableTableError, is_table, view

_MAX_TEXT_CHARS = 160
"""Maximum length of a value in a message, characters."""

_LINE_WIDTH = 78
"""Maximum length of a line of a message, characters: ``nbgrader validate`` cuts lines at 87."""

_WORD_JOINER = "\u2060"


class Outcome(StrEnum):
    """The outcome of a check."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    BLOCKED = "blocked"
    REVIEW = "review"
    """The answer runs, but rests on code that the check cannot judge: a person decides."""

    UNGRADED = "ungraded"


class MismatchError(AssertionError):
    """A check did not pass: what is wrong, what was found, what was expected, and a hint.

    ``problem`` and ``hint`` never contain a value of a check's input; ``actual`` and
    ``expected`` may, so a hidden check drops them.
    """

    def __init__(
        self,
        problem: str,
        actual: object = None,
        expected: object = None,
        hint: str = "",
        outcome: Outcome = Outcome.FAILED,
    ) -> None:
        self.title = ""
        self.problem = problem
        self.actual = actual
        self.expected = expected
        self.hint = hint
        self.outcome = outcome
        super().__init__(problem)

    def without_values(self) -> "MismatchError":
        """Return the same finding without any value, as a hidden check may show it."""
        return MismatchError(self.problem, hint=self.hint, outcome=self.outcome)

    @property
    def sentence(self) -> str:
        """The finding on one line."""
        values = []
        if self.actual is not None:
            values.append(f"found {_format_value(self.actual)}")
        if self.expected is not None:
            values.append(f"expected {_format_value(self.expected)}")
        sentence = self.problem
        if values:
            sentence += ": " + ", ".join(values)
        sentence += "."
        if self.hint:
            sentence += f" {self.hint}"
        # otter pastes messages into HTML without escaping: "<" must not be able to open a tag.
        return re.sub(r"<(?=[A-Za-z/])", f"<{_WORD_JOINER}", sentence)

    def __str__(self) -> str:
        """Return the finding in short lines: otter prints them behind the name of the class.

        JupyterLab breaks a line of otter's that is too long in the middle of a word.
        """
        indent = " " * len(f"{type(self).__name__}: ")
        return textwrap.fill(
            self.sentence, _LINE_WIDTH, initial_indent=indent, break_on_hyphens=False
        ).lstrip()

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints instead of a traceback."""
        head = str(self.outcome)
        if self.title:
            head += f": {self.title}"
        return [head, *textwrap.wrap(self.sentence, _LINE_WIDTH, break_on_hyphens=False)]


class UnreadableValueError(MismatchError):
    """An answer returns what no check can read, such as a generator or a figure: a person decides.

    In a hidden check alone it is wrong like any other wrong value: an answer must not be able to say with
    it what it was asked. Where a visible check finds such a value, the grader leaves to a person all that
    the hidden checks of the question do not pass.
    """

    def __init__(self, place: str, kind: str) -> None:
        wanted = "the number, text, list, dict, array or model that the question asks for"
        super().__init__(
            f"{place} a value that no check can read",
            kind,
            hint=f"Return {wanted}; otherwise a person has to look at it.",
            outcome=Outcome.REVIEW,
        )

    def without_values(self) -> MismatchError:
        """Return the finding as a hidden check may show it."""
        return MismatchError(self.problem)


def review(names: Iterable[str]) -> MismatchError:
    """Return the finding that a person must look at the model; hidden checks do not show the names."""
    problem = "this rests on a part that cannot be judged automatically, so a person will look at it"
    return MismatchError(problem, ", ".join(names), outcome=Outcome.REVIEW)


def read_table(table: Any, place: str) -> TableView:
    """Return the view of a frame, a series or an index.

    Args:
        place: the first words of the message, e.g. ``the result is``.

    Raises:
        UnreadableValueError: a person must look at it.
    """
    try:
        return view(table)
    except UnreadableTableError as error:
        raise UnreadableValueError(place, f"a {type(table).__name__} with {error}") from error


def _format_value(value: object) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    try:
        if isinstance(value, str):
            text = value.encode("utf-8", "backslashreplace").decode()
        elif isinstance(value, np.ndarray):
            text = np.array2string(value, threshold=40, separator=", ").replace("\n", "")
        elif is_table(value):
            text = f"a {type(value).__name__}"
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pandas warns while it prints half precision
                text = f"{value:,}" if type(value) is int else repr(value)
    except ValueError:  # Python does not print integers of more than 4,300 digits
        text = f"a value of type {type(value).__name__} that is too large to print"
    return text if len(text) <= _MAX_TEXT_CHARS else f"{text[:_MAX_TEXT_CHARS]} …"
