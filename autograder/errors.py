"""One tree of errors, split by who must act.

CourseError
├── AuthorError    the instructor: the configuration or a source notebook is wrong
├── StaffError     the person who runs the command: an argument, a file, a disk, a missing dataset
└── StudentError   the student: a submission cannot be read

The command line prints the message of each and exits with 2; any other exception is a bug in
this program and exits with 3.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


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
