"""Folders as values: ``{path: bytes}``, read, compared and replaced; and notebook files."""

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from autograder.errors import StaffError

if TYPE_CHECKING:
    from nbformat import NotebookNode as NotebookNode  # for other modules too
else:
    # A NotebookNode is a dict. To import nbformat takes longer than everything else that
    # ``course grade`` imports, and only what writes notebooks needs it.
    NotebookNode = dict

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
"""The system that a zip names as its origin; only this one stores permissions."""

MEBIBYTE = 2**20

NOTEBOOK_FORMAT = (4, 5)
"""The version of the notebook format that we read and write: 4.5 has cell ids."""

RESERVED_NAMES = (
    "run.jsonl", "grades.csv", "report.html", "roster.csv", "pseudonyms.key", "files.json",
    "canvas.csv", "moodle.csv", "junit.xml", "summary.md", "annotations.txt",
    "feedback-canvas.zip", "feedback-moodle.zip",
)  # fmt: skip
"""Files that a run writes next to the students' folders; no student's folder may have such a name."""

IGNORED_NAMES = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder`` by its path with forward slashes."""
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not set(IGNORED_NAMES) & set(relative.parts):
            files[relative.as_posix()] = path.read_bytes()
    return files


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` below ``folder``."""
    for name, data in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def make_zip(files: Mapping[str, bytes], executables: Iterable[str] = (), *, compress: bool = False) -> bytes:
    """Return a zip of ``files``; equal files give equal bytes.

    Args:
        executables: names of the files that can be run.
        compress: make it smaller; the bytes then depend on the version of zlib.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            # Time, system and permissions would otherwise differ between machines.
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            permissions = 0o755 if name in executables else 0o644
            entry.external_attr = permissions << 16
            method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            archive.writestr(entry, data, method)
    return buffer.getvalue()


def digest(files: Mapping[str, bytes]) -> str:
    """Return one SHA-256 over the names and contents of files."""
    combined = hashlib.sha256()
    for name, data in sorted(files.items()):
        combined.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return combined.hexdigest()


def replace_trees(trees: Mapping[Path, Mapping[str, bytes]]) -> None:
    """Make each folder contain exactly its files: all are written next to it, then renamed.

    Raises:
        StaffError: the disk is full or read-only; the previous content of the folders is intact.
    """
    folder = next(iter(trees))
    try:
        # All folders are written before the first is replaced: a full disk changes none of them.
        for folder, files in trees.items():
            new, old = _next_to(folder)
            # A build that was killed between its two renames left only the old folder.
            if old.exists() and not folder.exists():
                old.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(new, ignore_errors=True)
            new.parent.mkdir(parents=True, exist_ok=True)
            write_tree(new, files)
        for folder in trees:
            new, old = _next_to(folder)
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StaffError(f"{folder}: cannot be written ({reason}); its previous content is intact") from error
    finally:
        for folder in trees:
            new, _ = _next_to(folder)
            shutil.rmtree(new, ignore_errors=True)


def _next_to(folder: Path) -> tuple[Path, Path]:
    """Return where the new and the old content of a folder are while it is replaced."""
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def replace_file(path: Path, data: bytes, *, public: bool = False) -> None:
    """Write a file next to its place, then rename it: readers see the old content or the new.

    Args:
        path: the file; missing parent folders are created.
        data: its content.
        public: give it the usual permissions; by default only its owner may read the file, and
            the folders that were created for it.

    Raises:
        StaffError: the disk is full or read-only; the previous file is intact.
    """
    new = path.with_name(f".{path.name}.new")
    folder_mode, file_mode = (0o777, 0o666) if public else (0o700, 0o600)
    try:
        path.parent.mkdir(mode=folder_mode, parents=True, exist_ok=True)
        # A process that was killed may have left this file with other permissions, and a link in
        # its place would lead the write elsewhere.
        new.unlink(missing_ok=True)
        new.touch(mode=file_mode, exist_ok=False)
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            # Without this, a power cut can leave an empty file under the final name.
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StaffError(
            f"{path}: cannot be written ({reason}); the previous file is intact. "
            "Make room on the disk or fix the permissions, then run the same command again"
        ) from error


def differences(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield how ``folder`` differs from ``files``, one sentence per path."""
    existing = read_tree(folder)
    for path in folder.rglob("*"):
        if path.is_symlink():
            # A release has no links: one counts as an empty file, whatever it points to.
            existing[path.relative_to(folder).as_posix()] = b""
    for name in sorted({*existing, *files}):
        if name not in existing:
            yield f"{folder.name}/{name}: missing"
        elif name not in files:
            yield f"{folder.name}/{name}: not made by the build"
        elif existing[name] != files[name]:
            yield f"{folder.name}/{name}: differs"


def dump_notebook(notebook: NotebookNode) -> bytes:
    """Return a notebook as bytes in nbformat's own layout, so that no tool rewrites the file."""
    from nbformat.v4 import writes

    return f"{writes(to_notebook_node(notebook))}\n".encode()


def load_notebook(data: bytes) -> NotebookNode:
    """Return a notebook that one of our tools wrote; each source becomes one string."""
    notebook = to_notebook_node(json.loads(data))
    for cell in notebook.cells:
        cell.source = join_source(cell.source)
    return notebook


def to_notebook_node(raw: Any) -> NotebookNode:
    """Return plain dicts and lists as a notebook or as a part of one."""
    from nbformat import from_dict

    return cast(NotebookNode, from_dict(raw))


def join_source(source: Any) -> str:
    """Return a cell's source as one string; the format also allows a list of lines."""
    return source if isinstance(source, str) else "".join(map(str, source))
