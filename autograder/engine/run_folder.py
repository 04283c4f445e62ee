"""The folder of a run: one folder per student; each file is replaced completely or not at all."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from autograder.errors import StaffError
from autograder.files import RESERVED_NAMES, replace_file
from autograder.text import one_line

SUBMISSION_NAME = "submission.ipynb"
"""The graded bytes as they were submitted; a script is stored under this name too."""

_MAX_NAME_BYTES = 200


def folder_name(student: str) -> str:
    """Return the name of a student's folder: the student's own name if that is safe."""
    encoded = os.fsencode(student)
    is_reserved = student.casefold() in RESERVED_NAMES or student.startswith(".")
    is_readable = one_line(student, _MAX_NAME_BYTES) == student and not re.search(r"[/\\]", student)
    if student and is_readable and not is_reserved and len(encoded) <= _MAX_NAME_BYTES:
        return student
    start = re.sub(r"[^A-Za-z0-9]+", "-", student)[:40].strip("-")
    return f"{start}-{hashlib.sha256(encoded).hexdigest()[:8]}"


def store_submission(out: Path, student: str, data: bytes) -> None:
    """Store the graded bytes in the student's folder; only staff may read them.

    Raises:
        StaffError: the disk is full or read-only.
    """
    replace_file(out / folder_name(student) / SUBMISSION_NAME, data)


def stored_submission(out: Path, student: str, sha256: str) -> bytes | None:
    """Return the bytes that were graded; None if they are gone or have changed."""
    try:
        data = (out / folder_name(student) / SUBMISSION_NAME).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def delete_student_folder(out: Path, student: str) -> None:
    """Delete a student's folder and everything in it.

    Raises:
        StaffError: it cannot be deleted.
    """
    folder = out / folder_name(student)
    try:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    except OSError as error:
        raise StaffError(f"{folder}: cannot be deleted ({error.strerror}); delete it by hand") from error
