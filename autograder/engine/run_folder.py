"""The folder of a run: one folder for each student, each file whole or as it was."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from autograder.errors import StaffError
from autograder.text import one_line

RESERVED_NAMES = (
    "run.jsonl", "grades.csv", "report.html", "roster.csv", "pseudonyms.key", "canvas.csv", "moodle.csv",
)  # fmt: skip
"""What stands beside the students' folders."""

SUBMISSION_NAME = "submission.ipynb"
"""What was graded, as it was handed in; a script keeps this name too."""

_MAX_NAME_BYTES = 200


def folder_name(student: str) -> str:
    """Return the name of a student's folder: the student's, unless that cannot be one."""
    encoded = os.fsencode(student)
    taken = student.casefold() in RESERVED_NAMES or student.startswith(".")
    readable = one_line(student, _MAX_NAME_BYTES) == student and not re.search(r"[/\\]", student)
    if student and readable and not taken and len(encoded) <= _MAX_NAME_BYTES:
        return student
    start = re.sub(r"[^A-Za-z0-9]+", "-", student)[:40].strip("-")
    return f"{start}-{hashlib.sha256(encoded).hexdigest()[:8]}"


def store_submission(out: Path, student: str, data: bytes) -> None:
    """Keep the bytes that are graded beside what comes of them; only staff may read them.

    Raises:
        StaffError: the disk is full or read-only.
    """
    replace_file(_submission_path(out, student), data)


def stored_submission(out: Path, student: str, sha256: str) -> bytes | None:
    """Return the bytes that were graded; None if they are gone or others by now."""
    try:
        data = _submission_path(out, student).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def delete_student_folder(out: Path, student: str) -> None:
    """Delete a student's folder with all that it holds.

    Raises:
        StaffError: it cannot be deleted.
    """
    folder = out / folder_name(student)
    try:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    except OSError as error:
        raise StaffError(f"{folder}: cannot be deleted ({error.strerror}); delete it by hand") from error


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read.

    Raises:
        StaffError: the disk is full or read-only; the file is as it was or whole.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600, exist_ok=False)
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves an empty file under the new name
        fresh.replace(path)
    except OSError as error:
        raise StaffError(
            f"{path}: cannot be written ({error.strerror}); make room, then run the same command again: "
            "the journal of this run is whole"
        ) from error


def _submission_path(out: Path, student: str) -> Path:
    return out / folder_name(student) / SUBMISSION_NAME
