import json
import random
from typing import Any

import pytest

from autograder.errors import StudentError
from autograder.submission.read import MAX_CELL_CHARS, MAX_CELLS, MAX_FILE_BYTES, read, unreadable_reason
from tests.submission.conftest import SolvedAssignment, cell, code_cell

SMALL: dict[str, Any] = {
    "cells": [
        code_cell("x = 1", "first"),
        {"cell_type": "markdown", "id": "second", "metadata": {}, "source": ["Grün\n", "ist"]},
    ],
    "metadata": {"kernelspec": {"name": "no-such-kernel"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def texts(data: bytes) -> list[str]:
    return [cell.text for cell in read(data).cells]


def with_cells(*cells: Any) -> bytes:
    return json.dumps(SMALL | {"cells": list(cells)}).encode()


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_any_encoding_is_read_and_all_but_utf_8_is_said(codec: str) -> None:
    data = json.dumps(SMALL, ensure_ascii=False).encode(codec)
    submitted = read(data)
    assert [cell.text for cell in submitted.cells] == ["x = 1", "Grün\nist"]
    assert bool(submitted.repairs) is (codec != "utf-8")


def test_sources_as_lists_and_line_ends_of_windows_are_plain_text() -> None:
    assert texts(with_cells(code_cell(["a = 1\r\n", "b = 2\r", "c = 3"]))) == ["a = 1\nb = 2\nc = 3"]  # type: ignore[arg-type]


def test_null_characters_are_taken_out_of_code() -> None:
    submitted = read(with_cells(code_cell("x = '\0'")))
    assert submitted.cells[0].text == "x = ''"
    assert submitted.repairs == ("Null characters were removed from the code of cells: 1.",)


def test_half_a_surrogate_cannot_spoil_a_cell() -> None:
    (actual,) = texts(json.dumps(SMALL | {"cells": [code_cell("x = '\ud800'")]}).encode())
    assert actual.encode() == b"x = '?'"


def test_prose_loses_what_changes_its_direction_and_code_keeps_it() -> None:
    prose = {"cell_type": "markdown", "metadata": {}, "source": "a\u202eb\x07c"}
    assert texts(with_cells(prose, code_cell("s = '\u202e'"))) == ["abc", "s = '\u202e'"]


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, [1], [["x"]], True])
def test_a_cell_that_is_none_is_left_out_and_said(value: Any) -> None:
    submitted = read(with_cells(code_cell("x = 1"), code_cell("") | {"source": value}))
    assert [cell.text for cell in submitted.cells] == ["x = 1"]
    assert submitted.repairs == ("Cells that cannot be read were left out: 2.",)


@pytest.mark.parametrize("raw", [None, [], "text", 3, {}, {"cell_type": "heading"}, {"cell_type": []}])
def test_what_is_no_cell_is_left_out(raw: Any) -> None:
    assert texts(with_cells(raw, code_cell("x = 1"))) == ["x = 1"]


@pytest.mark.parametrize(
    "metadata", [None, [], 5, {"nbgrader": 5, "tags": 7}, {"nbgrader": {"grade_id": []}, "tags": [{}]}]
)
def test_metadata_of_any_form_is_only_ignored(metadata: Any) -> None:
    (actual,) = read(with_cells(code_cell("x = 1") | {"metadata": metadata, "id": ["x"]})).cells
    assert (actual.id, actual.grade_id) == ("", "")


def test_a_notebook_keeps_its_claims(lab: SolvedAssignment) -> None:
    raw = lab.notebook_copy()
    cells = {cell.id: cell for cell in read(json.dumps(raw).encode()).cells}
    grading = cell(raw, "q1-answer")["metadata"].get("nbgrader", {})
    assert cells["q1-answer"].grade_id == grading.get("grade_id", "")
    assert len(cells) == len(raw["cells"])


def test_an_id_that_an_editor_moved_into_the_metadata_is_found() -> None:
    (actual,) = read(with_cells(code_cell("x = 1") | {"metadata": {"id": "q1-answer"}})).cells
    assert actual.id == "q1-answer"


def test_old_notebooks_are_converted() -> None:
    heading = {"cell_type": "heading", "level": 2, "source": "Title", "metadata": {}}
    code = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "outputs": [{"bad": 1}], "language": "python"}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [heading, code, 7]}]}
    submitted = read(json.dumps(old).encode())
    assert [(actual.kind, actual.text) for actual in submitted.cells] == [
        ("markdown", "## Title"),
        ("code", "x = 1\ny = 2"),
    ]
    assert submitted.repairs[0] == "The notebook has an old format (3); it was converted."


@pytest.mark.slow
def test_outputs_of_100_mb_are_skipped() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": ["a line, 17% done\r" * 60] * 100_000}
    data = with_cells(code_cell("x = 1") | {"outputs": [output]})
    assert len(data) > 100_000_000
    assert texts(data) == ["x = 1"]


def test_a_cell_longer_than_the_wire_carries_is_left_out() -> None:
    submitted = read(with_cells(code_cell("#" * (MAX_CELL_CHARS + 1)), code_cell("x = 1")))
    assert [cell.text for cell in submitted.cells] == ["x = 1"]
    assert "Cells longer than 100,000 characters were left out: 1." in submitted.repairs[0]


def test_pictures_in_prose_do_not_count() -> None:
    picture = f"![](data:image/png;base64,{'iVBOR/+x' * 100_000}=) below"
    prose = {"cell_type": "markdown", "metadata": {}, "source": picture}
    assert texts(with_cells(prose, prose, code_cell("x = 1"))) == ["![](data:) below"] * 2 + ["x = 1"]


def test_cells_without_end_are_cut() -> None:
    submitted = read(with_cells(*[code_cell("x")] * (MAX_CELLS + 5)))
    assert len(submitted.cells) == MAX_CELLS
    assert submitted.repairs == ("Cells after number 2,000 were left out.",)


LINK = "link to a notebook.*Download .ipynb"
REFUSED = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n\0\0\n", "whitespace"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
    "an archive": (b"PK\x03\x04\x14\0", "archive"),
    "a web page": (b"\n<!DOCTYPE html><html>", "web page"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "picture"),
    "bytes": (b"\x01\x02\x03\x00\x04", "neither"),
    "cut off": (json.dumps(SMALL).encode()[:200], "damaged"),
    "a comma": (json.dumps(SMALL).replace("]}]", "],}]").encode(), "damaged"),
    "a merge": (
        b'{\n"cells": [\n<<<<<<< HEAD\n=======\n1\n>>>>>>> 1f2e\n]}',
        "unresolved git conflict.*keep one",
    ),
    "two files": (
        b'<<<<<<< HEAD\n{"cells": []}\n=======\n{}\n>>>>>>> main\n',
        "unresolved git conflict.*keep one",
    ),
    "a Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "Git LFS.*git lfs pull",
    ),
    "a link": (b"https://colab.research.google.com/drive/1aB2?usp=sharing#scrollTo=x\n", LINK),
    "a sentence with a link": ("Here’s my notebook: https://drive.google.com/file/d/1a/view".encode(), LINK),
    "a saved link": (b"[InternetShortcut]\r\nURL=https://colab.research.google.com/drive/1aB2\r\n", LINK),
    "a shortcut of Drive": (
        b'{"":"WARNING! DO NOT EDIT THIS FILE!","url":"https://colab.research.google.com/drive/1a"}',
        LINK,
    ),
    "other JSON": (b'{"score": 100}', "not a notebook"),
    "no cells": (json.dumps(SMALL | {"cells": []}).encode(), "no cells"),
    "depth": (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "damaged"),
    "a long number": (b'{"cells": [' + b"9" * 5_000 + b"]}", "damaged"),
    "containers": (
        b'{"cells": [' + b"[],".replace(b",", b",") * 1_100_000 + b"[]]}",
        "too many values",
    ),
    "values": (b'{"cells": [' + b"1," * 20_100_000 + b"1]}", "too many values"),
    "quotes": (b'{"cells": [' + b'"",' * 10_100_000 + b'""]}', "too many values"),
    "escapes": (b'{"cells": "' + b'\\"' * 3_000_000, "damaged"),
    "much code": (with_cells(*[code_cell("#" * 90_000)] * 5), "400,000 characters"),
}


@pytest.mark.parametrize(
    "rest",
    [' ],\n "nbformat": 4\n}\n', json.dumps(SMALL), "see you on Friday", ">>>>>>> main"],
    ids=["of a longer file", "another notebook", "a note", "a line of git"],
)
def test_what_stands_behind_a_notebook_is_left_out_and_said(rest: str) -> None:
    """An editor that is interrupted leaves the end of an older, longer file (jupyter/help #171)."""
    submitted = read(json.dumps(SMALL, indent=1).encode() + b"\n" + rest.encode())
    assert [cell.text for cell in submitted.cells] == ["x = 1", "Grün\nist"]
    wanted = "The file continues after the end of the notebook; the rest was left out."
    assert submitted.repairs == (wanted,)


def test_a_script_that_colab_exports_is_no_link() -> None:
    head = (
        '"""Lab.ipynb\n\nOriginal file is located at\n    https://colab.research.google.com/drive/1aB2\n"""\n'
    )
    assert texts(f"# -*- coding: utf-8 -*-\n{head}\nx = 1\n".encode())[0].endswith("x = 1")
    assert texts(b"url = 'https://drive.google.com/uc?id=1'\n") == [
        "url = 'https://drive.google.com/uc?id=1'"
    ]


def test_a_conflict_inside_cells_costs_these_cells_and_is_said() -> None:
    conflict = "a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> 1f2e3d\nc = 4"
    submitted = read(with_cells(code_cell("x = 1"), code_cell(conflict)))
    assert [cell.text for cell in submitted.cells] == ["x = 1", conflict]
    assert submitted.repairs[0].startswith("Cells with an unresolved git conflict: 2; keep one version")
    assert read(f"# %%\n{conflict}\n# %%\nx = 1".encode()).repairs[1].startswith("Cells with an unresolved")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_a_sentence(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(StudentError, match=reason) as caught:
        read(data)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_a_file_above_200_mb_is_refused_by_its_size() -> None:
    assert "larger than 200 MB" in unreadable_reason(b"{" + bytes(MAX_FILE_BYTES))


SCRIPTS = {
    "nbconvert": (
        "#!/usr/bin/env python\n# coding: utf-8\n\n# # Title\n# \n# More\n\n# In[1]:\n\n\nimport this\n\n\n"
        "# Text one\n\n# Text two\n\n# In[ ]:\n\n\nget_ipython().run_line_magic('time', 'f()')\n",
        [
            "# Title\n\nMore",
            "import this",
            "Text one",
            "Text two",
            "get_ipython().run_line_magic('time', 'f()')",
        ],
    ),
    "jupytext": (
        "# ---\n# jupyter: {}\n# ---\n\n# %% [markdown]\n# # Title\n# text\n\n"
        "# %%\nx = 1\n\n# %% slow {}\ny = 2\n",
        ["# Title\ntext", "x = 1", "y = 2"],
    ),
    "VS Code": ('#%%\nx = 1\n#%% [markdown]\n"""\n# Title\n"""\n#%%\ny = 2', ["x = 1", "# Title", "y = 2"]),
    "strings": ('# %%\ns = """a\n\n\n# b\n"""\nx = 1\n', ['s = """a\n\n\n# b\n"""\nx = 1']),
    "plain": ("import this\n\n\n# a comment\nx = 1\n", ["import this\n\n\n# a comment\nx = 1"]),
    "comments": (
        "# %%\nx = 1\n# of the code\n\n# text\n\n\n# more\n# %% [raw]\nnothing",
        ["x = 1\n# of the code", "text", "more"],
    ),
    "magics": ("# In[2]:\n\n\n# %%time is no mark\nx = 1", ["# %%time is no mark\nx = 1"]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_cells(name: str) -> None:
    script, wanted = SCRIPTS[name]
    assert texts(script.encode()) == wanted
    assert texts(script.replace("\n", "\r\n").encode()) == wanted


@pytest.mark.slow
def test_whatever_is_handed_in_is_a_value_or_one_sentence(lab: SolvedAssignment) -> None:
    draw, data = random.Random(11), json.dumps(lab.notebook_copy()).encode()
    seen = {"read": 0, "refused": 0}
    for _ in range(400):
        try:
            lab.match(_damaged(draw, data))
            seen["read"] += 1
        except StudentError as error:
            assert len(str(error)) < 300
            seen["refused"] += 1
    assert min(seen.values()) > 40


def _damaged(draw: random.Random, data: bytes) -> bytes:
    way = draw.randrange(4)
    if way == 0:
        return draw.randbytes(draw.randrange(200))
    if way == 1:
        start = draw.randrange(len(data))
        return data[:start] + draw.randbytes(draw.randrange(8)) + data[start + draw.randrange(40) :]
    raw = json.loads(data)
    for _ in range(draw.randrange(1, 12)):
        _spoil(draw, raw)
    return json.dumps(raw).encode()


def _spoil(draw: random.Random, raw: Any) -> None:
    """Replace, delete or copy something somewhere in a tree."""
    while isinstance(raw, (dict, list)) and raw:
        key = draw.choice(list(raw)) if isinstance(raw, dict) else draw.randrange(len(raw))
        if not isinstance(raw[key], (dict, list)) or draw.random() < 0.15:
            odd = [
                None,
                -1,
                1e300,
                "",
                "\ud83d",
                "def f(:",
                "x" * 5_000,
                [],
                {},
                [[]],
                {"a": {}},
                True,
                "q2-answer",
            ]
            raw[key] = draw.choice(odd)
            return
        if isinstance(raw, list) and draw.random() < 0.2:
            raw.insert(draw.randrange(len(raw)), raw[key])
            return
        raw = raw[key]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "-" * 50_000 + "1",
        "x = " + "1 + " * 20_000 + "1",
        "f" + "()" * 20_000,
        "if a:\n  pass\n" + "elif a:\n  pass\n" * 4_000,
        "a = 1;" * 15_000,
        "x" + ".y" * 40_000,
        "lambda: " * 10_000 + "1",
        "\x00",
        "\u2028def decode_review(): pass",
        "%%bash\nrm -rf /",
        "def decode_review(a, b):\n\treturn 1\n        return 2",
        "x = '\\d'",
        "\f\fdef decode_review(): pass",
        "@" * 30_000,
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_no_code_can_stop_the_matching(lab: SolvedAssignment, text: str) -> None:
    raw = lab.notebook_copy()
    cell(raw, "q1-answer")["source"] = text
    raw["cells"].append(code_cell(text))
    matched = lab.match(raw)
    assert [step.kind for step in matched.steps].count("checks") == 10


@pytest.mark.parametrize(
    ("head", "unit", "tail"),
    [
        ("(", "\n", ""),
        ("(\n", " ", ""),
        ("(\n", "\t ", "x"),
        ("(\n", "a", "!"),
        ("(\n", "a?", ""),
        ("(\n", "async ", ""),
        ("", "grader.check(", ""),
        ("grader.check(", " ", ""),
    ],
    ids=lambda text: text.encode("unicode_escape").decode(),
)
def test_a_pattern_that_almost_matches_is_not_tried_from_every_character(
    tiny_assignment: SolvedAssignment, head: str, unit: str, tail: str
) -> None:
    """The longest texts that are read come out right; no clock is asked.

    A pattern of quadratic time takes minutes for a cell and half an hour for the script: this test would
    not end in any time that a run of the tests has, and in a class every other submission would wait.
    """
    text = head + unit * ((MAX_CELL_CHARS - 100) // len(unit)) + tail
    raw = tiny_assignment.notebook_copy()
    cell(raw, "q1-answer")["source"] = text
    raw["cells"] += [code_cell(text), {"cell_type": "markdown", "metadata": {}, "source": text}]
    matched = tiny_assignment.match(raw)
    assert text.strip() in [step.text.strip() for step in matched.steps if step.question == "q1"]
    assert "q1: no cell defines moving_average; it counts as not answered." in matched.repairs
    # A file may be far longer than the cells that are kept of it.
    script = ["# %%", text * 4, "# %% [markdown]", text * 4, "# x", text * 4, *["#  "] * 999]
    with pytest.raises(StudentError, match="contains nothing of this assignment"):
        tiny_assignment.match("\n".join(script).encode())
