"""Submissions made from a release: a sample class, and any answers for tests and timings."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder import known_answers
from autograder.course import Assignment
from autograder.errors import StaffError
from autograder.files import dump_notebook, load_notebook
from autograder.notebook import Source

SOLUTION, BLANK = "solution", "blank"
"""Names of the two notebooks that every test of the checks grades besides the known answers."""

WRONG_ANSWER_COUNT = 4
"""How many known wrong answers the sample class holds."""

# os._exit() ends the process without any handler, as a segmentation fault would.
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


def fill_answers(release: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a released notebook with new text in some cells, given by cell id."""
    notebook = load_notebook(release)
    # A misspelled id would silently grade the blank cell.
    assert set(texts) <= {cell.id for cell in notebook.cells}
    for cell in notebook.cells:
        cell.source = texts.get(cell.id, cell.source)
    return dump_notebook(notebook)


def solution_answers(source: Source) -> dict[str, str]:
    """Return the instructor's answers by cell id."""
    return {answer.cell.id: answer.solution() for answer in source.answers()}


def answers_with(source: Source, code_by_question: Mapping[str, str]) -> dict[str, str]:
    """Return the solution's answers by cell id, with some questions answered differently.

    Args:
        source: the instructor's notebook.
        code_by_question: goes into the first cell of its question; the other cells become empty.
    """
    texts = solution_answers(source)
    for question in source.questions:
        if question.name in code_by_question:
            for answer in question.answers:
                texts[answer.cell.id] = ""
            texts[question.answers[0].cell.id] = code_by_question[question.name]
    return texts


def sample_class(assignment: Assignment, source: Source) -> Iterator[tuple[str, bytes]]:
    """Yield a small class, file name and bytes: right, blank, wrong, crashing, hanging, damaged."""
    release = read_release(assignment, "otter")
    solution = fill_answers(release, solution_answers(source))
    yield "solution.ipynb", solution
    yield "blank.ipynb", read_release(assignment, "nbgrader")
    wrong = [answer for answer in known_answers.load(assignment) if answer.has_misconception]
    step = max(1, len(wrong) // WRONG_ANSWER_COUNT)
    for answer in wrong[::step][:WRONG_ANSWER_COUNT]:
        texts = answers_with(source, {answer.question: answer.code})
        yield f"{answer.name}.ipynb", fill_answers(release, texts)
    first = source.questions[0].answers[0]
    for name, body in (("crash", _CRASH), ("hang", _HANG)):
        texts = {**solution_answers(source), first.cell.id: first.stub().replace("\n    ...", body)}
        yield f"{name}.ipynb", fill_answers(release, texts)
    yield "damaged.ipynb", solution[: len(solution) // 2]


def write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Write notebooks into a folder; notebooks of an earlier class are deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for name, data in files:
        (folder / name).write_bytes(data)
