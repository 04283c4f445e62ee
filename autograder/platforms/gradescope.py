"""The zip that Gradescope takes: everything that grading needs, and its two scripts.

Source: Gradescope, "Autograder Specifications" (``setup.sh`` and ``run_autograder`` at the top
of the zip; ``/autograder/source``, ``submission`` and ``results``).
"""

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import autograder
from autograder.course import CONFIG_NAME, Assignment
from autograder.errors import StaffError
from autograder.files import make_zip, read_tree
from autograder.report.results_json import dump_not_graded

SCRIPTS = ("run_autograder", "setup.sh")
RESERVE_S = 30
"""Seconds before the platform's time-out at which grading ends, so that finished checks are kept."""

_PACKAGE = Path(autograder.__file__).parent
_TEMPLATES = Path(__file__).parent / "templates"


def make_bundle(assignment: Assignment, entries: Mapping[str, bytes], *, minutes: int) -> bytes:
    """Return the zip; equal inputs give equal bytes.

    Args:
        entries: cached trainings, by file name.
        minutes: time after which the platform stops a submission.

    Raises:
        StaffError: the package was installed without the files that name its dependencies.
    """
    project = tomllib.loads(_read_project_file("pyproject.toml").decode())["project"]
    files = {
        "requirements.txt": "".join(f"{line}\n" for line in project["dependencies"]).encode(),
        "constraints.txt": _read_project_file("constraints.txt"),
        # What a student sees if grading stops before it has written anything: not a zero.
        "ungraded.json": dump_not_graded(),
        **_course_files(assignment),
    }
    for name in SCRIPTS:
        text = (_TEMPLATES / name).read_text(encoding="utf-8")
        text = text.replace("@ASSIGNMENT@", shlex.quote(assignment.name))
        files[name] = text.replace("@LIMIT_S@", str(minutes * 60 - RESERVE_S)).encode()
    for name, data in read_tree(_PACKAGE).items():
        files[f"autograder/{name}"] = data
    for name, data in entries.items():
        files[f"var/training/{name}"] = data
    return make_zip(files, executables=SCRIPTS)


def _course_files(assignment: Assignment) -> dict[str, bytes]:
    """Return everything that compiling and grading read of a course, by path below its root.

    Hidden files, which editors leave in the source, are omitted.
    """
    root = assignment.root
    paths = [root / CONFIG_NAME, root / "pyproject.toml"]
    paths += assignment.calibration.parent.glob(f"{assignment.name}.*json")
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    for name, data in read_tree(assignment.source).items():
        if not any(part.startswith(".") for part in name.split("/")):
            files[f"source/{assignment.name}/{name}"] = data
    return files


def _read_project_file(name: str) -> bytes:
    path = _PACKAGE.parent / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise StaffError(
            f"{path}: cannot be read ({error.strerror}); run this in a clone of the repository"
        ) from error
