"""Submissions made from a release: a sample class, and any answers for tests and timings."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder import misconceptions
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.notebook import dump, load
from autograder.source import Kind, Source

TYPICAL_MISTAKES = 4
"""How many known wrong answers the sample class holds."""

_CRASH = "\n    import os\n\n    os._exit(0)"
_HANG = "\n    while True:\n        pass"


def released(assignment: Assignment, flavour: str) -> bytes:
    """Return the notebook that students get.

    Raises:
        StaffError: the assignment has not been built.
    """
    path = assignment.root / "release" / assignment.name / flavour / assignment.notebook.name
    try:
        return path.read_bytes()
    except OSError as error:
        raise StaffError(
            f"{path}: cannot be read ({error.strerror}); run `course build {assignment.name}`"
        ) from error


def answered(release: bytes, answers: Mapping[str, str]) -> bytes:
    """Return a released notebook with other text in the given cells."""
    notebook = load(release)
    assert set(answers) <= {cell.id for cell in notebook.cells}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return dump(notebook)


def solved(source: Source) -> dict[str, str]:
    """Return the instructor's answers by cell id."""
    return {
        answer.cell.id: answer.solved() if answer.cell.kind is Kind.CODE else answer.cell.text
        for answer in source.answers()
    }


def answering(source: Source, codes: Mapping[str, str]) -> dict[str, str]:
    """Return the solution with some questions answered otherwise.

    Args:
        codes: by question; it stands in the first cell of its question, the others are empty.
    """
    texts = solved(source)
    for question in source.questions:
        if question.name in codes:
            cells = [answer.cell.id for answer in question.answers]
            texts |= {**dict.fromkeys(cells, ""), cells[0]: codes[question.name]}
    return texts


def classroom(assignment: Assignment, source: Source) -> Iterator[tuple[str, bytes]]:
    """Yield a small class, file name and bytes: right, blank, wrong, crashing, hanging, damaged."""
    release = released(assignment, "otter")
    solution = answered(release, solved(source))
    yield "solution.ipynb", solution
    yield "blank.ipynb", released(assignment, "nbgrader")
    wrong = [one for one in misconceptions.load(assignment) if not one.right]
    step = max(1, len(wrong) // TYPICAL_MISTAKES)
    for one in wrong[::step][:TYPICAL_MISTAKES]:
        answers = answering(source, {one.question: one.code})
        yield f"{one.name}.ipynb", answered(release, answers)
    first = source.questions[0].answers[0]
    for name, body in (("crash", _CRASH), ("hang", _HANG)):
        answers = {**solved(source), first.cell.id: first.stub().replace("\n    ...", body)}
        yield f"{name}.ipynb", answered(release, answers)
    yield "damaged.ipynb", solution[: len(solution) // 2]


def write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Put submissions into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for name, data in files:
        (folder / name).write_bytes(data)
