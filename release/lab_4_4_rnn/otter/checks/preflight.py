"""Look over a notebook before it is submitted: the right file, saved, complete, answered.

It reads the file and runs nothing of it. Only the standard library is used, because the Python of
a terminal is often not the one in which the notebook runs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .saved_notebook import (
    SavedCell,
    SavedNotebook,
    UnusableNotebookError,
    listed,
    notebooks_in,
    read_notebook,
)
from .written_code import parse_written

RELEASE_NAME = "release.json"
"""What the release has, written by the build next to this file."""

HIDDEN_CHECK = "# A hidden check"
"""How a cell starts whose check is not in the release."""

FINE, ATTENTION, UNUSABLE = 0, 1, 2
"""Exit codes."""

_KEYS = {"assignment", "title", "release", "notebook", "files", "questions", "hidden_checks"}

_Released = Mapping[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Print what a notebook still lacks and return an exit code.

    Args:
        arguments: the notebook's path, or nothing for the one in the current folder.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack a letter of a name
    try:
        release = load_release(Path(__file__).with_name(RELEASE_NAME))
        path = choose_notebook(arguments, release)
        notebook = read_notebook(path)
        require_same_lab(path, notebook, release)
    except UnusableNotebookError as error:
        print(error)
        return UNUSABLE
    saved = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
    print(f"{path.name}: {release['title']}, last saved {saved}")
    unanswered = open_questions(notebook, release)
    count = len(release["questions"])
    print(f"Answered: {count - len(unanswered)} of {count} questions (right or wrong is not looked at)")
    problems = [*place_problems(notebook, release, Path(__file__).parents[1])]
    if len(unanswered) == count and is_blank(notebook, release):
        problems.append("Nothing is answered in this file: if you wrote answers, save it and run this again.")
    else:
        problems += unanswered.values()
    problems += [*repeated_answers(notebook, release), *missing_checks(notebook, release)]
    for problem in problems:
        print(f"- {problem}")
    if problems:
        return ATTENTION
    print("Nothing is missing. If you change the notebook, save it again before you submit it.")
    return FINE


def load_release(path: Path) -> dict[str, Any]:
    """Return what the release had.

    Raises:
        UnusableNotebookError: the file is missing or damaged.
    """
    try:
        release = json.loads(path.read_text(encoding="utf-8"))
        if not set(release) >= _KEYS:
            raise ValueError
    except (OSError, ValueError, TypeError):
        fix = "download the lab again and replace the folder checks"
        raise UnusableNotebookError(f"checks/{RELEASE_NAME} is missing or damaged; {fix}.") from None
    return dict(release)


def choose_notebook(arguments: Sequence[str], release: _Released) -> Path:
    """Return the path of the notebook that is meant.

    Raises:
        UnusableNotebookError: it is not clear which one.
    """
    example = f'python -m checks "{release["notebook"]}"'
    if len(arguments) > 1:
        raise UnusableNotebookError(f"{len(arguments)} names were given; give one in quotes: {example}")
    if arguments and arguments[0].startswith("-"):
        raise UnusableNotebookError(f"There is no option {arguments[0]}; name the notebook: {example}")
    if arguments:
        return Path(arguments[0])
    usable = []
    present = notebooks_in(Path())
    for name in present:
        try:
            require_same_lab(Path(name), read_notebook(Path(name)), release)
        except UnusableNotebookError:
            continue
        usable.append(name)
    if not usable:
        found = f"there is no notebook of {release['title']} (notebooks here: {listed(present) or 'none'})"
        raise UnusableNotebookError(f"In this folder {found}; name yours: {example}")
    if len(usable) > 1:
        found = f"there are several notebooks of this lab: {listed(usable)}"
        raise UnusableNotebookError(f'In this folder {found}; say which: python -m checks "{usable[0]}"')
    return Path(usable[0])


def require_same_lab(path: Path, notebook: SavedNotebook, release: _Released) -> None:
    """Refuse the notebook of another lab.

    Raises:
        UnusableNotebookError: its metadata names another lab, or nothing in it is of this one.
    """
    fix = f"use your copy of {release['notebook']}"
    if notebook.assignment not in ("", release["assignment"]):
        found = f"this notebook belongs to {notebook.assignment}, and this folder to {release['assignment']}"
        raise UnusableNotebookError(f"{path.name}: {found}; {fix}.")
    marks = []
    for question in release["questions"]:
        marks.append(question["prompt"])
        for answer in question["answers"]:
            marks += [f"def {name}(" for name in _names(answer)]
    # Ids are copied along into any notebook, and otter's checks look alike in all labs.
    if not any(mark in cell.text for mark in marks for cell in notebook.cells):
        raise UnusableNotebookError(f"{path.name}: nothing in it is of {release['title']}; {fix}.")


def place_problems(notebook: SavedNotebook, release: _Released, folder: Path) -> Iterator[str]:
    """Yield what is wrong around the notebook."""
    missing = [name for name in release["files"] if not (folder / name).is_file()]
    if missing:
        yield f"The folder is not complete (missing: {listed(missing)}): download the lab again."
    if notebook.release not in ("", release["release"]):
        yield "The notebook is from another version of this lab than its folder: ask which one counts."


def is_blank(notebook: SavedNotebook, release: _Released) -> bool:
    """Return True if all code to write is as it was in the release."""
    for question in release["questions"]:
        for answer in question["answers"]:
            heads = [f"def {name}" for name in _names(answer)]
            texts = {cell.text.strip() for cell in notebook.cells if any(head in cell.text for head in heads)}
            if answer["is_code"] and texts != {answer["text"]}:
                return False
    return True


def open_questions(notebook: SavedNotebook, release: _Released) -> dict[str, str]:
    """Return a sentence for each question that is not answered, by the question's name."""
    sentences = {}
    for question in release["questions"]:
        problems: list[str] = []
        for answer in question["answers"]:
            if answer["is_code"]:
                problems += _code_problems(notebook, answer)
            else:
                problems += _prose_problems(notebook, answer, question["prompt"])
        if problems:
            sentences[question["name"]] = f"{question['name'].upper()}: {'; '.join(problems)}."
    return sentences


def _names(answer: _Released) -> list[str]:
    """Return what an answer defines; nothing for prose."""
    return [name for name, _ in parse_written(answer["text"]).names]


def _code_problems(notebook: SavedNotebook, answer: _Released) -> Iterator[str]:
    for name in _names(answer):
        found = _definitions(notebook, name)
        if not found:
            yield _why_not_found(notebook, answer, name)
            continue
        syntax_problem, lack = found[-1]
        if syntax_problem:
            yield f"{name} is not valid Python ({syntax_problem}); fix it"
        elif lack:
            yield f"{name} {lack}; write your answer there"


def _definitions(notebook: SavedNotebook, name: str) -> list[tuple[str, str]]:
    """Return for each place that defines a name why it is not Python, and what it lacks."""
    found = []
    for cell in notebook.cells:
        if cell.is_code and name in cell.text:  # most cells need not be parsed
            code = parse_written(cell.text)
            found += [(code.problem, lack) for other, lack in code.names if other == name]
    return found


def repeated_answers(notebook: SavedNotebook, release: _Released) -> Iterator[str]:
    """Yield which answers are in more than one place."""
    for question in release["questions"]:
        for answer in question["answers"]:
            for name in _names(answer):
                count = len(_definitions(notebook, name))
                if count > 1:  # a notebook runs from top to bottom
                    yield f"{name} is defined in {count} places, and the last one counts: delete the others."


def _why_not_found(notebook: SavedNotebook, answer: _Released, name: str) -> str:
    for cell in notebook.cells:
        if f"def {name}" in cell.text:
            kind = "a cell that cannot be read" if cell.is_code else "a text cell; change its type to code"
            return f"{name} is in {kind}"
        if answer["id"] in cell.names and cell.is_code:
            return f"its cell no longer defines {name}; give the function this name"
    return f"the cell that defines {name} is missing; copy it from a new download"


def _prose_problems(notebook: SavedNotebook, answer: _Released, prompt: str) -> Iterator[str]:
    cells: list[SavedCell] = [cell for cell in notebook.cells if answer["id"] in cell.names]
    if not cells:  # an editor dropped the ids: the answer is below its prompt
        below = zip(notebook.cells, notebook.cells[1:], strict=False)
        cells = [cell for above, cell in below if prompt in above.text.splitlines()]
    if not cells:
        yield "the cell for your text is missing; copy it from a new download"
    elif cells[-1].text.strip() in ("", answer["text"]):
        yield "the text is not written yet; write it below the question"


def missing_checks(notebook: SavedNotebook, release: _Released) -> Iterator[str]:
    """Yield which check cells of the release are not in the notebook."""
    fix = "copy your answers into a new download, where they are"
    names = {name for cell in notebook.cells if cell.is_code for name in cell.names}
    code = [cell.text for cell in notebook.cells if cell.is_code]
    questions = []
    for question in release["questions"]:
        for check in question["checks"]:
            if check["id"] not in names and not any(check["first_line"] in text for text in code):
                questions.append(question["name"].upper())
    if questions:
        yield f"Check cells are missing in {listed(sorted(set(questions), key=questions.index))}: {fix}."
    hidden_count = sum(text.startswith(HIDDEN_CHECK) for text in code)
    if hidden_count < release["hidden_checks"]:
        count = f"{hidden_count} of {release['hidden_checks']}"
        yield f"Only {count} cells that start with {HIDDEN_CHECK!r} are left: {fix}."
