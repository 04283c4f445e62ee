"""What editors, tools and careless hands make of a notebook that changes nothing in the answers."""

import json
import random
from typing import Any

import nbformat
from nbconvert import PythonExporter

from tests.submission.conftest import SolvedAssignment, cell, code_cell, index

RawNotebook = dict[str, Any]


def unchanged(raw: RawNotebook) -> RawNotebook:
    return raw


def without_ids(raw: RawNotebook) -> RawNotebook:
    for actual in raw["cells"]:
        del actual["id"]
    return raw | {"nbformat_minor": 4}


def without_ids_and_metadata(raw: RawNotebook) -> RawNotebook:
    for actual in without_ids(raw)["cells"]:
        actual["metadata"] = {}
    return raw | {"metadata": {}}


def with_random_ids(raw: RawNotebook) -> RawNotebook:
    draw = random.Random(5)
    for actual in raw["cells"]:
        actual["id"] = f"{draw.getrandbits(32):08x}"
    return raw


def saved_from_colab(raw: RawNotebook) -> RawNotebook:
    for actual in without_ids(raw)["cells"]:
        actual["metadata"] |= {"id": "aBcD1234", "colab": {"base_uri": "https://localhost/"}}
    return raw | {"metadata": {"colab": {"provenance": []}, "accelerator": "GPU"}, "nbformat_minor": 0}


def source_as_lines(raw: RawNotebook) -> RawNotebook:
    for actual in raw["cells"]:
        actual["source"] = actual["source"].splitlines(keepends=True)
    return raw


def windows_line_endings(raw: RawNotebook) -> RawNotebook:
    for actual in raw["cells"]:
        actual["source"] = actual["source"].replace("\n", "\r\n")
    return raw


def with_large_outputs(raw: RawNotebook) -> RawNotebook:
    output = {"output_type": "stream", "name": "stderr", "text": ["warning " * 1_250] * 100}
    for actual in raw["cells"]:
        if actual["cell_type"] == "code":
            actual["outputs"] = [output]
    return raw


def answers_moved_to_the_end(raw: RawNotebook) -> RawNotebook:
    for name in ("q4-answer", "q2-answer", "q9-answer"):
        raw["cells"].append(raw["cells"].pop(index(raw, name)))
    return raw


def answers_moved_to_the_end_without_ids(raw: RawNotebook) -> RawNotebook:
    return without_ids_and_metadata(answers_moved_to_the_end(raw))


def provided_cells_deleted(raw: RawNotebook) -> RawNotebook:
    for name in ("setup", "pad-all", "train-lstm"):
        del raw["cells"][index(raw, name)]
    return raw


def checks_and_prose_deleted(raw: RawNotebook) -> RawNotebook:
    expected = {"setup", "parameters"}
    stored = [
        actual for actual in raw["cells"] if actual["id"].endswith("-answer") or actual["id"] in expected
    ]
    return raw | {"cells": stored}


def answers_merged(raw: RawNotebook) -> RawNotebook:
    """Q7 and Q8 in the cell of Q7, with an import above and a call between."""
    first, second = cell(raw, "q7-answer"), cell(raw, "q8-answer")
    first["source"] = f"{first['source']}\n\n\n{second['source']}"
    del raw["cells"][index(raw, "q8-answer")]
    return raw


def answers_merged_without_ids(raw: RawNotebook) -> RawNotebook:
    return without_ids_and_metadata(answers_merged(raw))


def check_merged_into_answer(raw: RawNotebook) -> RawNotebook:
    cell(raw, "q2-answer")["source"] += '\n\ngrader.check("q2")'
    return raw


def answer_as_markdown(raw: RawNotebook) -> RawNotebook:
    actual = cell(raw, "q3-answer")
    del actual["outputs"], actual["execution_count"]
    actual["cell_type"] = "markdown"
    return raw


def answer_as_markdown_without_ids(raw: RawNotebook) -> RawNotebook:
    return without_ids_and_metadata(answer_as_markdown(raw))


def prose_as_code(raw: RawNotebook) -> RawNotebook:
    cell(raw, "step-2")["cell_type"] = "code"
    return raw


def blank_copies_of_answers(raw: RawNotebook) -> RawNotebook:
    """The answer in a copy, the original still blank below it."""
    stub = '''def pad_reviews(reviews, max_length=max_length):
    """Return the reviews as one integer array of shape (number of reviews, max_length).

    Args:
        reviews: a list or array of lists of int, of different lengths.
        max_length: the number of columns.
    """
    # TODO(q2): make all rows max_length long; cut and fill at the end
    ...'''
    place = index(raw, "q2-answer")
    raw["cells"].insert(place, code_cell(cell(raw, "q2-answer")["source"], "copy"))
    raw["cells"][place + 1]["source"] = stub
    return raw


def formatted_by_a_tool(raw: RawNotebook) -> RawNotebook:
    given = cell(raw, "setup")
    given["source"] = "# imports\n" + given["source"].replace("\n\n", "\n\n\n")
    return raw


def provided_cell_copied(raw: RawNotebook) -> RawNotebook:
    raw["cells"].insert(index(raw, "figure-b"), dict(cell(raw, "pad-all")))
    return raw


EQUIVALENT_EDITS = [
    value for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__
]


def nbconvert_script(raw: RawNotebook) -> bytes:
    text, _ = PythonExporter().from_notebook_node(nbformat.from_dict(raw))
    return text.encode()


def percent_script(raw: RawNotebook) -> bytes:
    """What jupytext writes as ``py:percent``."""
    parts = [
        "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: percent\n# ---"
    ]
    for actual in raw["cells"]:
        if actual["cell_type"] == "code":
            parts.append(f"# %%\n{actual['source']}")
        else:
            text = "\n".join(f"# {line}".rstrip() for line in actual["source"].split("\n"))
            parts.append(f"# %% [markdown]\n{text}")
    return "\n\n".join(parts).encode()


def single_cell_script(raw: RawNotebook) -> bytes:
    """All code in one cell, as people copy it out by hand, without what only stands for hidden checks."""
    sources = [actual["source"] for actual in raw["cells"] if actual["cell_type"] == "code"]
    return "\n\n".join(source for source in sources if not source.startswith("# A hidden check")).encode()


def format_3(raw: RawNotebook) -> bytes:
    old = nbformat.convert(nbformat.from_dict(raw), 3)
    return json.dumps(old).encode()


FILE_FORMATS = [nbconvert_script, percent_script, single_cell_script, format_3]
__all__ = ["EQUIVALENT_EDITS", "FILE_FORMATS", "SolvedAssignment"]
