"""One tree of errors, split by who must act.

CourseError
├── AuthorError    the instructor: the configuration or a source notebook is wrong
├── StaffError     the person who runs the command: an argument, a file, a disk, a missing dataset
└── StudentError   the student: a submission cannot be read

The command line prints the message of each and exits with 2; any other exception is a bug in
this program and exits with 3.
"""

import difflib
import runpy
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class CourseError(Exception):
    """An error that a person can fix; the message says where, what was found and what to do."""


class AuthorError(CourseError):
    """The course has mistakes; carries every problem that was found."""

    def __init__(self, problems: "str | Iterable[str | Problem]") -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(map(str, problems))
        super().__init__("\n".join(self.problems))


class StaffError(CourseError):
    """The command cannot run as it was given or on this machine; the message says what to change."""


class StudentError(CourseError):
    """A submission cannot be read; the message is written for its author."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a source notebook; they are collected and reported together."""

    location: str
    """File, question, kind of cell, its first line, line and id, as ``Cell.place`` returns them."""

    found: str
    fix: str

    def __str__(self) -> str:
        return f"{self.location}: found {self.found}; {self.fix}"


def name_hint(name: str, valid_names: Iterable[str]) -> str:
    """Return advice for a name that does not exist: the most similar one, or all."""
    names = [str(valid_name) for valid_name in valid_names]
    similar_names = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {similar_names[0]!r}?" if similar_names else f"use one of: {', '.join(names)}"


@contextmanager
def author_errors(file: str, label: str) -> Iterator[None]:
    """Turn what the author's own code raises into an ``AuthorError`` with the place in that code.

    Args:
        file: how Python names the code in a traceback.
        label: how the message names it, e.g. ``source/lab/expected.py``.
    """
    try:
        yield
    except CourseError:
        raise
    except Exception as error:  # the author's code may raise anything
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == file]
        if isinstance(error, SyntaxError) and error.filename == file:
            lines.append(error.lineno)
        place = f"{label}, line {lines[-1]}" if lines else label
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise AuthorError(f"{place}: {type(error).__name__}: {message}; correct it") from error


def run_author_file(path: Path, label: str) -> dict[str, Any]:
    """Run a Python file of the author's in this process, and return its global variables.

    It is as trusted as this package.

    Raises:
        AuthorError: it raises something, or is not Python.
    """
    with author_errors(str(path), label):
        return runpy.run_path(str(path))
