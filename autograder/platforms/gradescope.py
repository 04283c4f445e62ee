"""What is in the zip that Gradescope takes: everything that grading needs, and its two scripts.

Source: Gradescope, "Autograder Specifications" (``setup.sh`` and ``run_autograder`` at the top
of the zip; ``/autograder/source``, ``submission`` and ``results``).
"""

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import autograder
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.files import make_zip, read_tree
from autograder.platforms.recipes import course_files
from autograder.report.results_json import dump_not_graded

SCRIPTS = ("run_autograder", "setup.sh")
RESERVE_S = 30
"""Seconds before the platform's time-out at which grading ends, so that what is done is kept."""

_PACKAGE = Path(autograder.__file__).parent
_TEMPLATES = Path(__file__).parent / "templates"


def make_bundle(assignment: Assignment, entries: Mapping[str, bytes], *, minutes: int) -> bytes:
    """Return the zip; equal inputs give equal bytes.

    Args:
        entries: remembered trainings, by file name.
        minutes: after which the platform stops a submission.

    Raises:
        StaffError: the package stands without the files that say what it depends on.
    """
    return make_zip(_files(assignment, entries, minutes * 60 - RESERVE_S), executables=SCRIPTS)


def _files(assignment: Assignment, entries: Mapping[str, bytes], limit_s: int) -> dict[str, bytes]:
    return {
        **{name: _script(name, assignment, limit_s) for name in SCRIPTS},
        "requirements.txt": _requirements(),
        "constraints.txt": _read_project_file("constraints.txt"),
        "ungraded.json": dump_not_graded(),
        **course_files(assignment),
        **{f"autograder/{name}": data for name, data in read_tree(_PACKAGE).items()},
        **{f"var/training/{name}": data for name, data in entries.items()},
    }


def _script(name: str, assignment: Assignment, limit_s: int) -> bytes:
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    text = text.replace("@ASSIGNMENT@", shlex.quote(assignment.name)).replace("@LIMIT_S@", str(limit_s))
    return text.encode()


def _requirements() -> bytes:
    project = tomllib.loads(_read_project_file("pyproject.toml").decode())["project"]
    return "".join(f"{line}\n" for line in project["dependencies"]).encode()


def _read_project_file(name: str) -> bytes:
    path = _PACKAGE.parent / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise StaffError(f"{path}: cannot be read ({error.strerror}); run this in a clone") from error
