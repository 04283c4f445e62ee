"""Submissions made from a release: a sample class, and any answers for tests and timings."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder import known_answers
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.notebook import CellType, Source, dump, load

WRONG_ANSWER_COUNT = 4
"""How many known wrong answers the sample class holds."""

_CRASH = "\n    import os\n\n    os._exit(0)"
_HANG = "\n    while True:\n        pass"


def read_release(assignment: Assignment, flavor: str) -> bytes:
    """Return the notebook that students get.

    Raises:
        StaffError: the assignment has not been built.
    """
    path = assignment.root / "release" / assignment.name / flavor / assignment.notebook.name
    try:
        return path.read_bytes()
    except OSError as error:
        raise StaffError(
            f"{path}: cannot be read ({error.strerror}); run `course build {assignment.name}`"
        ) from error


def fill_answers(release: bytes, answers: Mapping[str, str]) -> bytes:
    """Return a released notebook with other text in the given cells."""
    notebook = load(release)
    assert set(answers) <= {cell.id for cell in notebook.cells}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return dump(notebook)


def solution_answers(source: Source) -> dict[str, str]:
    """Return the instructor's answers by cell id."""
    return {
        answer.cell.id: answer.solution() if answer.cell.cell_type is CellType.CODE else answer.cell.text
        for answer in source.answers()
    }


def answers_with(source: Source, code_by_question: Mapping[str, str]) -> dict[str, str]:
    """Return the solution with some questions answered otherwise.

    Args:
        codes: by question; it stands in the first cell of its question, the others are empty.
    """
    texts = solution_answers(source)
    for question in source.questions:
        if question.name in code_by_question:
            cells = [answer.cell.id for answer in question.answers]
            texts |= {**dict.fromkeys(cells, ""), cells[0]: code_by_question[question.name]}
    return texts


def sample_class(assignment: Assignment, source: Source) -> Iterator[tuple[str, bytes]]:
    """Yield a small class, file name and bytes: right, blank, wrong, crashing, hanging, damaged."""
    release = read_release(assignment, "otter")
    solution = fill_answers(release, solution_answers(source))
    yield "solution.ipynb", solution
    yield "blank.ipynb", read_release(assignment, "nbgrader")
    wrong = [one for one in known_answers.load(assignment) if not one.is_right]
    step = max(1, len(wrong) // WRONG_ANSWER_COUNT)
    for one in wrong[::step][:WRONG_ANSWER_COUNT]:
        answers = answers_with(source, {one.question: one.code})
        yield f"{one.name}.ipynb", fill_answers(release, answers)
    first = source.questions[0].answers[0]
    for name, body in (("crash", _CRASH), ("hang", _HANG)):
        answers = {**solution_answers(source), first.cell.id: first.stub().replace("\n    ...", body)}
        yield f"{name}.ipynb", fill_answers(release, answers)
    yield "damaged.ipynb", solution[: len(solution) // 2]


def write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Put submissions into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for name, data in files:
        (folder / name).write_bytes(data)
