"""Twenty submissions to the lab as a class would hand them in, one file each.

``style``      what is particular about it
``answers``    the answer to a question; the instructor's where there is none
``lost_points``   points that an answer does not earn, by question
``blank_questions`` questions that are left as they were released
``cells_above``, ``cells_below``  a cell of the student's own next to a cell
``deleted``    cells; ``moved`` pairs of questions, the first goes right below the second
``editor`` ``colab``: cell ids are gone, Colab's metadata are there
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RawCell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student of the class handed in."""

    name: str
    style: str
    answers: Mapping[str, str] = field(default_factory=dict)
    lost_points: Mapping[str, float] = field(default_factory=dict)
    blank_questions: tuple[str, ...] = ()
    cells_above: Mapping[str, str] = field(default_factory=dict)
    cells_below: Mapping[str, str] = field(default_factory=dict)
    deleted_cells: tuple[str, ...] = ()
    moved_questions: tuple[tuple[str, str], ...] = ()
    editor: str = ""

    def notebook(self, release: bytes, solution: Mapping[str, str]) -> bytes:
        """Return it in either flavor.

        Args:
            release: the notebook that students got.
            solved: the instructor's answers by cell id.
        """
        notebook = json.loads(release)
        texts = {name: text for name, text in solution.items() if _question(name) not in self.blank_questions}
        texts |= {f"{question}-answer": text.strip("\n") for question, text in self.answers.items()}
        cells = [
            _fill_answer(cell, texts) for cell in notebook["cells"] if cell["id"] not in self.deleted_cells
        ]
        for question, after in self.moved_questions:
            cells = _move_question(cells, question, after)
        notebook["cells"] = [
            with_added_cell for cell in cells for with_added_cell in self._with_added_cells(cell)
        ]
        if self.editor == "colab":
            notebook = _as_colab_notebook(notebook)
        return json.dumps(notebook, ensure_ascii=False, indent=1).encode()

    def _with_added_cells(self, cell: RawCell) -> list[RawCell]:
        above = (
            [_student_cell(f"above-{cell['id']}", self.cells_above[cell["id"]])]
            if cell["id"] in self.cells_above
            else []
        )
        below = (
            [_student_cell(f"below-{cell['id']}", self.cells_below[cell["id"]])]
            if cell["id"] in self.cells_below
            else []
        )
        return [*above, cell, *below]


def load() -> tuple[Submission, ...]:
    """Return the class, by name."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def _read(path: Path) -> Submission:
    facts = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in ("blank_questions", "deleted_cells"):
        facts[name] = tuple(facts.get(name, ()))
    moved = facts.get("moved_questions", ())
    facts["moved_questions"] = tuple((question, after) for question, after in moved)
    return Submission(path.stem, **facts)


def _question(cell: str) -> str:
    return cell.partition("-")[0]


def _fill_answer(cell: RawCell, texts: Mapping[str, str]) -> RawCell:
    return {**cell, "source": texts.get(cell["id"], "".join(cell["source"]))}


def _move_question(cells: list[RawCell], question: str, after: str) -> list[RawCell]:
    mine = [cell for cell in cells if _question(cell["id"]) == question]
    rest = [cell for cell in cells if _question(cell["id"]) != question]
    place = max(number for number, cell in enumerate(rest) if _question(cell["id"]) == after) + 1
    assert mine
    return [*rest[:place], *mine, *rest[place:]]


def _student_cell(name: str, text: str) -> RawCell:
    source = text.strip("\n")
    return {
        "cell_type": "code", "id": name, "metadata": {}, "source": source,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def _as_colab_notebook(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook as Colab writes it: format 4.0, ids in the metadata."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        stored = {name: value for name, value in cell.items() if name != "id"}
        mark = {"id": f"qX{number:03d}aB_cD9"}
        if cell["cell_type"] == "code":
            mark |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": f"{number:032x}"}
        cells.append({**stored, "metadata": {**cell["metadata"], **mark}})
    metadata = notebook["metadata"] | {
        "colab": {"provenance": [], "toc_visible": True},
        "accelerator": "GPU",
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    return {"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells}
