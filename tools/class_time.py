"""Count how long the part of Lab 4.4 that is done in class takes a careful reader.

    python -m tools.class_time            # runs the solution with nothing remembered, for the waiting
    python -m tools.class_time --wait 45  # counts only

The part for class ends at the cell ``going-further``. What is counted, and how:

- prose: 200 words a minute; formulas count, alternative text does not (it is in the pictures);
- code: 20 lines a minute, of the given cells and of what stands around the ``...``; not of the checks;
- 2.5 minutes for a question that builds a Keras model like the one before, 4 for any other;
- 4 seconds for each line with a word or number that the solution prints, and for each row of a table;
- 25 seconds for each figure;
- waiting, as measured here.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.build import solutions
from autograder.build.compile import prepare
from autograder.build.release_parts import PreparedSource
from autograder.course import load_course
from autograder.files import NotebookNode, join_source, load_notebook, write_tree
from autograder.notebook import CellType

ROOT = Path(__file__).resolve().parents[1]
LAB = "lab_4_4_rnn"
END_OF_CORE = "going-further"

WORDS_PER_MINUTE, CODE_LINES_PER_MINUTE = 200, 20
MODEL_QUESTION_MINUTES, OTHER_QUESTION_MINUTES = 2.5, 4.0
LINE_SECONDS, FIGURE_SECONDS = 4, 25


@dataclass(frozen=True, slots=True)
class ClassTime:
    """What a careful reader meets in class."""

    words: int
    code_lines: int
    model_questions: int
    other_questions: int
    lines: int
    """Printed lines, and rows of tables in the prose."""

    figures: int
    waiting_s: float

    def minutes(self) -> dict[str, float]:
        """Return the minutes for each kind of work."""
        return {
            f"{self.words:,} words of prose": self.words / WORDS_PER_MINUTE,
            f"{self.code_lines} lines of code": self.code_lines / CODE_LINES_PER_MINUTE,
            f"{self.model_questions} questions that build a model": (
                self.model_questions * MODEL_QUESTION_MINUTES
            ),
            f"{self.other_questions} other questions": self.other_questions * OTHER_QUESTION_MINUTES,
            f"{self.lines} printed lines and table rows": self.lines * LINE_SECONDS / 60,
            f"{self.figures} figures": self.figures * FIGURE_SECONDS / 60,
            f"{self.waiting_s:.0f} seconds of waiting": self.waiting_s / 60,
        }


def count(
    prepared: PreparedSource, executed: NotebookNode, waiting_s: float, ids: Collection[str] = ()
) -> ClassTime:
    """Count the part for class, or some of its cells.

    Args:
        prepared: the lab, with literals for facts.
        executed: the published solution, with its outputs.
        waiting_s: seconds that its cells take, see ``measure_waiting``.
        ids: the cells to count; by default all of the part for class.
    """
    source = prepared.source
    core = ids or core_ids(prepared)
    stubs = {answer.cell.id: answer.stub() for answer in source.answers()}
    checks = {check.cell.id for check in source.checks()}
    words = code_lines = lines = 0
    for cell in source.cells:
        if cell.id not in core or cell.id in checks:
            continue
        rows = [line for line in stubs.get(cell.id, cell.text).splitlines() if line.strip()]
        if cell.cell_type is CellType.CODE:
            code_lines += len([row for row in rows if row.strip() != "..."])
        elif cell.cell_type is CellType.MARKDOWN:
            table = [row for row in rows if row.startswith("|")]
            lines += len([row for row in table if set(row) - set("|-: ")])
            words += sum(count_words(row) for row in rows if row not in table)
    figures = 0
    for executed_cell in executed.cells:
        if executed_cell.id in core and executed_cell.id not in checks:
            for output in executed_cell.get("outputs", ()):
                figures += "image/png" in output.get("data", {})
                printed = join_source(output.get("text", "")).splitlines()
                lines += len([line for line in printed if count_words(line)])
    questions = [question for question in source.questions if question.cell.id in core]
    building = [q for q in questions if any(".compile(" in answer.solution() for answer in q.answers)]
    return ClassTime(
        words, code_lines, len(building), len(questions) - len(building), lines, figures, waiting_s
    )


def count_words(text: str) -> int:
    """Return the number of words; a sign alone, such as a bullet, is none."""
    return len([word for word in text.split() if any(letter.isalnum() for letter in word)])


def core_ids(prepared: PreparedSource) -> Collection[str]:
    """Return the ids of the cells before ``going-further``."""
    ids = [cell.id for cell in prepared.source.cells]
    return set(ids[: ids.index(END_OF_CORE)])


def measure_waiting(prepared: PreparedSource, executed: NotebookNode) -> float:
    """Run the published solution with nothing remembered; return the seconds of the part for class."""
    from nbclient import NotebookClient

    core = core_ids(prepared)
    with tempfile.TemporaryDirectory(prefix="class-time-") as name:
        write_tree(Path(name), prepared.files)
        environment = {**os.environ, **prepared.assignment.environment, "RNNLAB_CACHE": name}
        resources = {"metadata": {"path": name}}
        client = NotebookClient(executed, timeout=900, kernel_name="python3", resources=resources)
        client.execute(env=environment)
    return sum(_seconds(cell) for cell in executed.cells if cell.id in core)


def _seconds(cell: Any) -> float:
    times = cell.metadata.get("execution", {})
    if "iopub.execute_input" not in times:
        return 0.0
    start, end = (
        datetime.fromisoformat(times[key].replace("Z", "+00:00"))
        for key in ("iopub.execute_input", "shell.execute_reply")
    )
    return (end - start).total_seconds()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the count."""
    parser = argparse.ArgumentParser(description="Count how long the part for class takes.")
    parser.add_argument("--wait", type=float, help="seconds of waiting; measured by default")
    options = parser.parse_args(arguments)
    prepared = prepare(load_course(ROOT).assignment(LAB))
    executed = read_solution(prepared)
    waiting_s = options.wait
    if waiting_s is None:
        waiting_s = measure_waiting(prepared, read_solution(prepared))
    minutes = count(prepared, executed, waiting_s).minutes()
    for what, value in minutes.items():
        print(f"{what:<40}{value:6.1f} min")
    print(f"{'in class':<40}{sum(minutes.values()):6.1f} min")


def read_solution(prepared: PreparedSource) -> NotebookNode:
    """Read the published solution of the lab."""
    assignment = prepared.assignment
    path = solutions.solution_folder(assignment) / assignment.notebook.name
    return load_notebook(path.read_bytes())


if __name__ == "__main__":
    main()
