"""``course new``: an assignment that builds, validates and grades as it is."""

import ast
import io
import json
import re
import tokenize
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.build import flavors
from autograder.course import CONFIG_NAME, find_root, load_course
from autograder.errors import AuthorError, StaffError
from autograder.files import join_source, replace_file, replace_trees
from autograder.known_answers import FOLDER

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_WEEKS_UNTIL_DUE = 4
_CHECKS_FILE = "from autograder.checks import *  # noqa: F403  a release gets the real files\n"
_IGNORED = "dist/\nvar/\n__pycache__/\n.ipynb_checkpoints/\n"
_KERAS_SETUP = [
    "import checks  # first: it imports Keras without a word\n",
    "import keras\n",
    "import numpy as np",
]

_NEW_CONFIG = '''"""The course as data: no code runs here, nothing is read or computed."""

COURSE = {{
    "id": "{id}",
    "title": "{title}",
    "assignments": {{
    }},
}}
'''

_ENTRY = """"{name}": {{
    # The heading of the README and of the feedback that students get.
    "title": "{title}",
    # Date, time and offset from UTC.
    "due": "{due}",
}},
"""


def new_assignment(folder: Path, name: str, *, keras: bool) -> tuple[Path, Path]:
    """Write a new assignment and its entry in ``course_config.py``; return both paths.

    Args:
        folder: in a course, or a folder that becomes one.
        name: of the assignment, e.g. ``lab_5_1``.
        keras: add a question about a small network.

    Raises:
        StaffError: the name is not usable or taken; nothing was changed.
        AuthorError: ``course_config.py`` has mistakes; nothing was changed.
    """
    if not _NAME.fullmatch(name):
        fix = (
            "start with a lower-case letter and use lower-case letters, digits and underscores, e.g. lab_5_1"
        )
        raise StaffError(f"{name!r} cannot be the name of an assignment; {fix}")
    try:
        root, is_new = find_root(folder), False
    except StaffError:
        root, is_new = folder.resolve(), True
    source = root / "source" / name
    config = root / CONFIG_NAME
    if source.exists() or (not is_new and name in load_course(root).assignments):
        raise StaffError(
            f"{name}: there is already an assignment of this name in {root}; choose another name"
        )
    if is_new:
        title = _title(re.sub(r"\W+", "_", root.name).strip("_") or "course")
        before = _NEW_CONFIG.format(id=re.sub(r"\W+", "_", title.lower()), title=title)
    else:
        before = config.read_bytes().decode()
    due = datetime.now(UTC) + timedelta(weeks=_WEEKS_UNTIL_DUE)
    entry = _ENTRY.format(name=name, title=_title(name), due=f"{due:%Y-%m-%d}T23:59:00+00:00")
    after = insert_entry(before, name, entry)
    replace_trees({source: _files(name, keras=keras)})
    replace_file(config, after.encode(), public=True)
    if is_new:
        for file, text in ((".gitignore", _IGNORED), (flavors.CONFIG_NAME, flavors.ROOT_CONFIG)):
            if not (root / file).exists():
                replace_file(root / file, text.encode(), public=True)
    return source / f"{name}.ipynb", config


def _title(name: str) -> str:
    """Return e.g. ``Lab 5.1`` for ``lab_5_1``."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ").capitalize()


def _files(name: str, *, keras: bool) -> dict[str, bytes]:
    """Return the files of the new assignment by path."""
    notebook = _read_template("numpy.ipynb")
    title, setup, *questions = notebook["cells"]
    title["source"] = join_source(title["source"]).replace("TITLE", _title(name)).splitlines(keepends=True)
    if keras:
        setup["source"] = _KERAS_SETUP
        questions += _read_template("keras.ipynb")["cells"]
    notebook["cells"] = [title, setup, *questions]
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    files = {f"{name}.ipynb": text.encode(), "checks.py": _CHECKS_FILE.encode()}
    for path in sorted(_TEMPLATES.glob("*.py.txt")):
        files[f"{FOLDER}/{path.name.removesuffix('.txt')}"] = path.read_bytes()
    return files


def _read_template(name: str) -> dict[str, Any]:
    return dict(json.loads((_TEMPLATES / name).read_text(encoding="utf-8")))


def insert_entry(text: str, name: str, entry: str) -> str:
    """Return the text of ``course_config.py`` with one more assignment, and otherwise unchanged.

    Args:
        text: the file; ``COURSE["assignments"]`` is a dict in it.
        name: the key of the new assignment.
        entry: ``"name": {…},`` as lines that are not indented.

    Raises:
        AuthorError: the dict is not written out in the file; the message contains the entry.
    """
    assignments = _assignments_of(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    if assignments is not None:
        end_line, end_column = (assignments.end_lineno or 1) - 1, (assignments.end_col_offset or 1) - 1
        end_column = len(lines[end_line].encode()[:end_column].decode())
        before, closing = lines[end_line][:end_column], lines[end_line][end_column:]
        first_line = lines[assignments.lineno - 1]
        outer = first_line[: len(first_line) - len(first_line.lstrip())]
        head = lines[:end_line] + ([before.rstrip()] if before.strip() else [])
        if assignments.values:
            head = _with_comma(head, assignments.values[-1])
        body = [f"{outer}    {line}" for line in entry.splitlines()]
        changed = newline.join([*head, *body, f"{outer}{closing}", *lines[end_line + 1 :]])
        if _is_same_course(text, changed, name):
            return changed
    raise AuthorError(
        f"{CONFIG_NAME}: the dict of COURSE['assignments'] is not written out there; add this to it, then "
        f"run the command again with another name, or copy its files:\n{entry}"
    )


def _assignments_of(text: str) -> ast.Dict | None:
    """Return the dict of ``COURSE["assignments"]`` if it is written out in the file."""
    for statement in ast.parse(text).body:
        if not isinstance(statement, ast.Assign) or ast.unparse(statement.targets[0]) != "COURSE":
            continue
        if isinstance(statement.value, ast.Dict):
            for key, value in zip(statement.value.keys, statement.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "assignments":
                    return value if isinstance(value, ast.Dict) else None
    return None


def _with_comma(head: list[str], last: ast.expr) -> list[str]:
    """Return the lines up to the end of a dict with a comma behind its last value."""
    row = (last.end_lineno or 1) - 1
    column = len(head[row].encode()[: last.end_col_offset].decode())
    rest = "\n".join([head[row][column:], *head[row + 1 :]])
    for token in tokenize.generate_tokens(io.StringIO(rest).readline):
        if token.type == tokenize.OP:
            return head  # the comma is there; a comment may follow it
    return [*head[:row], f"{head[row][:column]},{head[row][column:]}", *head[row + 1 :]]


def _is_same_course(before: str, after: str, name: str) -> bool:
    """Return True if the only difference between two configurations is a new assignment."""
    values: list[Any] = []
    for text in (before, after):
        namespace: dict[str, Any] = {"__file__": CONFIG_NAME, "__name__": "course_config"}
        try:
            exec(compile(text, CONFIG_NAME, "exec"), namespace)
        except SyntaxError:
            return False
        values.append(namespace["COURSE"])
    return name in values[1]["assignments"] and values[0] == {
        **values[1],
        "assignments": {key: value for key, value in values[1]["assignments"].items() if key != name},
    }
