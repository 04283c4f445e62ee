"""What the author need not write is there when the source has been read."""

import json
from typing import Any

import pytest

from autograder.authoring import AuthoredSource, read_source
from autograder.build import lint
from autograder.course import load_course
from autograder.notebook import CellType, Source, parse_questions
from tests.build.conftest import TINY_COURSE

LABEL = "lab.ipynb"

SETUP = ("code", "import checks\nimport numpy as np")
ANSWER = (
    "code",
    'def add_rows(rows):\n    """Return the sum."""\n    # BEGIN SOLUTION\n    return np.sum(rows, axis=0)\n'
    "    # END SOLUTION",
)
OTHER_ANSWER = ("code", ANSWER[1].replace("add_rows", "add_columns").replace("axis=0", "axis=1"))


def check(function: str, *, answer: str = "add_rows", hidden: bool = False) -> tuple[str, str]:
    settings = "points: 2\nhidden: true" if hidden else "points: 2"
    return "code", (
        f'""" # BEGIN TEST CONFIG\n{settings}\n""" # END TEST CONFIG\ndef {function}({answer}):\n'
        f'    """Title of {function}"""\n    checks.close(checks.call({answer}, np.eye(2)), np.ones(2))\n'
        f"checks.run({function})"
    )


def text(source: str) -> tuple[str, str]:
    return "markdown", source


def raw(source: str) -> tuple[str, str]:
    return "raw", source


Q1 = (text("### Q1. Rows"), ANSWER, check("check_two_rows"))
Q2 = (text("### Q2. Columns"), OTHER_ANSWER, check("check_columns", answer="add_columns"))


def notebook(*cells: tuple[str, str], ids: tuple[str, ...] = (), minor: int = 4, **keys: Any) -> bytes:
    """Return a notebook as Colab saves it, or with ids as Jupyter does."""
    raw_cells = []
    for number, (kind, source) in enumerate(cells):
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        if ids:
            cell["id"] = ids[number]
        raw_cells.append(cell)
    plain = {"cells": raw_cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 if ids else minor}
    return json.dumps(plain | keys).encode()


def read(*cells: tuple[str, str], **keys: Any) -> Source:
    authored = read_source(notebook(*cells, **keys), LABEL)
    assert authored.problems == ()
    source, problems = parse_questions(authored.cells, LABEL)
    assert problems == []
    return source


def problems_of(*cells: tuple[str, str], **keys: Any) -> list[str]:
    return list(map(str, read_source(notebook(*cells, **keys), LABEL).problems))


def ids(source: Source, question: int = 0) -> list[str]:
    parts = source.questions[question]
    return [answer.cell.id for answer in parts.answers] + [one.cell.id for one in parts.checks]


@pytest.mark.parametrize("name", ["tiny"])
def test_a_source_with_all_marks_and_ids_stays_as_it_is(name: str) -> None:
    data = (TINY_COURSE / "source" / name / f"{name}.ipynb").read_bytes()
    authored = read_source(data, LABEL)
    assert [cell.id for cell in authored.cells] == [cell["id"] for cell in json.loads(data)["cells"]]
    assert (authored.content, authored.remarks, authored.assigned_ids) == (data, (), ())


def test_a_question_is_a_heading_an_answer_and_its_checks() -> None:
    source = read(text("# Lab"), SETUP, *Q1, *Q2)
    assert [question.name for question in source.questions] == ["q1", "q2"]
    assert [question.title for question in source.questions] == ["Rows", "Columns"]
    assert ids(source, 0) == ["q1-answer", "q1-two-rows"]
    assert ids(source, 1) == ["q2-answer", "q2-columns"]
    assignment = load_course(TINY_COURSE).assignment("tiny")
    assert lint.check(source, assignment) == []


def test_the_cells_that_a_release_needs_are_found_by_what_they_do() -> None:
    facts = ("code", 'from autograder.facts import load_facts\nLAB, EXPECTED, THRESHOLDS = load_facts("lab")')
    source = read(text("# Lab"), SETUP, facts, *Q1)
    assert [cell.id for cell in source.cells if cell.cell_type is CellType.CODE][:2] == [
        "setup",
        "parameters",
    ]


def test_a_question_ends_at_a_heading_of_its_level() -> None:
    source = read(SETUP, *Q1, text("#### A look"), ("code", "add_rows([[1, 2]])"), text("### Next"), *Q2)
    assert [cell.text for cell in source.questions[0].prompt] == ["### Q1. Rows"]
    after = [cell.id for cell in source.cells]
    assert after.index("q1-end") < after.index("q2-begin")


def test_a_lower_heading_belongs_to_the_prompt() -> None:
    source = read(SETUP, text("## Question 1"), text("### Hints\n\nAdd."), ANSWER, check("check_two_rows"))
    assert len(source.questions[0].prompt) == 2


def test_a_heading_without_answer_and_checks_is_no_question() -> None:
    source = read(SETUP, text("## Exercise 7: think about it"), *Q1)
    assert [question.name for question in source.questions] == ["q1"]


def test_raw_marks_may_be_written_in_part() -> None:
    begin, end = raw("# BEGIN QUESTION\nname: rows"), raw("# END QUESTION")
    source = read(SETUP, begin, *Q1, end, text("### Q2. Columns"), *Q2[1:], end)
    assert [question.name for question in source.questions] == ["rows", "q2"]
    assert ids(source) == ["rows-answer", "rows-two-rows"]


def test_raw_marks_around_the_answer_alone_are_enough() -> None:
    solution = raw("# BEGIN SOLUTION"), raw("# END SOLUTION")
    source = read(SETUP, Q1[0], solution[0], ANSWER, solution[1], check("check_two_rows"))
    assert ids(source) == ["q1-answer", "q1-two-rows"]


def test_an_id_of_the_file_stays_if_it_begins_with_the_question() -> None:
    file_ids = ("start", "8c1f", "q1-text", "q1-sum", "q1_shape", "q1-rows")
    cells = (text("# Lab"), SETUP, Q1[0], ANSWER, check("check_a"), check("check_b"))
    source = read(*cells, ids=file_ids)
    assert [cell.id for cell in source.cells if cell.cell_type is not CellType.RAW] == [
        "start",
        "setup",
        "q1-text",
        "q1-sum",
        "q1-a",
        "q1-rows",
    ]


def test_a_second_answer_has_a_name_of_its_own() -> None:
    source = read(SETUP, Q1[0], ANSWER, OTHER_ANSWER, check("check_answer"))
    assert ids(source) == ["q1-answer", "q1-answer-2", "q1-answer-3"]


def test_other_cells_are_named_by_section_and_text() -> None:
    first = read(text("# Lab"), SETUP, text("## Reading data"), ("code", "x = 1"), *Q1)
    moved = read(text("# Lab"), SETUP, text("## Reading data"), text("New."), ("code", "x = 1"), *Q1)
    names = [next(cell.id for cell in source.cells if cell.text == "x = 1") for source in (first, moved)]
    assert names[0] == names[1]
    assert names[0].startswith("reading-data-")


def test_equal_cells_of_a_section_have_different_names() -> None:
    source = read(SETUP, ("code", "x = 1"), ("code", "x = 1"), *Q1)
    names = [cell.id for cell in source.cells]
    assert len(set(names)) == len(names)


def test_two_cells_with_one_id_are_told_apart() -> None:
    cells = (SETUP, Q1[0], ANSWER, check("check_a"), check("check_b"))
    authored = read_source(notebook(*cells, ids=("setup", "q1", "q1-answer", "q1-a", "q1-a")), LABEL)
    assert [cell.id for cell in authored.cells][-4:] == ["q1-a", "q1-b", "q1-tests-end", "q1-end"]
    assert "the second cell with the id q1-a" in authored.remarks[0]


@pytest.mark.parametrize(
    ("comment", "line"),
    [
        ("", "    # TODO(q1): complete this function"),
        ("    # TODO: add the rows\n", "    # TODO(q1): add the rows"),
        ("    # TODO(q1): add the rows\n    # with NumPy\n", "    # TODO(q1): add the rows"),
    ],
)
def test_a_region_has_a_todo_of_its_question(comment: str, line: str) -> None:
    answer = ("code", ANSWER[1].replace("    # BEGIN", f"{comment}    # BEGIN"))
    stub = next(read(SETUP, Q1[0], answer, Q1[2]).answers()).stub()
    assert stub.count("TODO") == 1
    assert line in stub.split("\n")


def test_lines_in_messages_are_those_of_the_file() -> None:
    answer = ("code", f"{ANSWER[1]}\n    # TODO(q1): more\n    # BEGIN SOLUTION\n    # END SOLUTION")
    source = read(SETUP, Q1[0], answer, Q1[2])
    problems = lint.check(source, load_course(TINY_COURSE).assignment("tiny"))
    assert [str(problem) for problem in problems] == [
        f"{LABEL}: q1, answer cell `def add_rows(rows):`, line 7, id q1-answer: found an empty solution "
        "region; write the solution into it"
    ]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ((SETUP, raw("# BEGIN QUESTION\nname: q1"), *Q1, *Q2), "'# BEGIN QUESTION' that is never closed"),
        ((SETUP, Q1[0], raw("# BEGIN SOLUTION"), *Q1[1:]), "'# BEGIN SOLUTION' that is never closed"),
        ((SETUP, *Q1[:2], raw("# BEGIN TESTS"), Q1[2], *Q2), "'# BEGIN TESTS' that is never closed"),
        ((SETUP, Q1[0], ("code", ANSWER[1].rpartition("\n")[0]), Q1[2]), "'# BEGIN SOLUTION' that is never"),
        ((SETUP, *Q1, raw("# END TESTS")), "'# END TESTS' without a matching '# BEGIN TESTS'"),
        ((SETUP, text("### Padding"), *Q1[1:]), "a cell with a solution region outside any question"),
        ((SETUP, Q1[2], *Q2), "a check cell outside any question"),
        ((SETUP, Q1[0], ANSWER, text("Try it:"), Q1[2]), "a cell between the answer and the checks of q1"),
        ((SETUP, *Q1, OTHER_ANSWER), "an answer cell below a check of q1"),
        ((SETUP, *Q1, text("#### Columns"), *Q2[1:]), "a cell between the answer and the checks of q1"),
        ((SETUP, *Q1, text("### Columns"), *Q2[1:]), "a cell with a solution region outside any question"),
        ((SETUP, text("### Q1. A\n### Q2. B"), *Q1[1:]), "the headings of q1 and q2 in one cell"),
    ],
)
def test_one_mistake_of_form_is_one_message(cells: tuple[tuple[str, str], ...], found: str) -> None:
    (problem,) = problems_of(*cells)
    assert f"found {found}" in problem
    assert problem.startswith(f"{LABEL}: ")


def test_a_stray_answer_says_how_to_head_it() -> None:
    (problem,) = problems_of(SETUP, text("## Padding"), *Q1[1:])
    assert "begin the heading '## Padding' with the question's name, e.g. '## Q1. Padding'" in problem


def jupyter(raw_notebook: dict[str, Any]) -> None:
    raw_notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.12.1", "codemirror_mode": {"version": 3}},
    }
    for number, cell in enumerate(raw_notebook["cells"]):
        if cell["cell_type"] == "code":
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout"}]}
    raw_notebook["cells"].append({"cell_type": "code", "id": "empty", "metadata": {}, "source": ""})


def vscode(raw_notebook: dict[str, Any]) -> None:
    raw_notebook["metadata"] = {"language_info": {"name": "python"}, "vscode": {"interpreter": {"hash": "1"}}}
    for cell in raw_notebook["cells"]:
        cell["metadata"] = {"vscode": {"languageId": "python"}}
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]


def colab(raw_notebook: dict[str, Any]) -> None:
    raw_notebook |= {"nbformat_minor": 0}
    raw_notebook["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "accelerator": "GPU",
    }
    for number, cell in enumerate(raw_notebook["cells"]):
        cell["metadata"] = {"id": f"uXyz{number}", "colab": {"base_uri": "https://localhost:8080/"}}


def old_jupyter(raw_notebook: dict[str, Any]) -> None:
    raw_notebook |= {"nbformat_minor": 2, "metadata": {"kernelspec": {"name": "python3"}}}
    for cell in raw_notebook["cells"]:
        cell["metadata"] = {"collapsed": True, "scrolled": False, "tags": ["keep"]}


def without_metadata(raw_notebook: dict[str, Any]) -> None:
    del raw_notebook["metadata"]
    for cell in raw_notebook["cells"]:
        cell |= {"source": "".join(cell["source"]), "metadata": None}


@pytest.mark.parametrize("save", [jupyter, vscode, colab, old_jupyter, without_metadata])
def test_the_cells_do_not_depend_on_the_editor(save: Any) -> None:
    cells = (text("# Lab"), SETUP, *Q1, *Q2)
    saved = json.loads(notebook(*cells))
    save(saved)
    plain = read_source(notebook(*cells), LABEL)
    authored = read_source(json.dumps(saved).encode(), LABEL)
    assert authored.problems == ()
    assert [(cell.id, cell.text) for cell in authored.cells] == [(cell.id, cell.text) for cell in plain.cells]
    (remark,) = authored.remarks
    assert remark.endswith("(the file is unchanged)")


def test_what_an_editor_adds_does_not_make_another_release() -> None:
    cells = (text("# Lab"), SETUP, *Q1)
    saved = json.loads(notebook(*cells))
    jupyter(saved)
    contents = {read_source(data, LABEL).content for data in (json.dumps(saved).encode(), notebook(*cells))}
    assert len(contents) == 1


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"nbformat": 3}, "notebook format 3"),
        ({"metadata": {"kernelspec": {"name": "ir", "language": "R"}}}, "a notebook in r"),
        ({"cells": []}, "a notebook without cells"),
        ({"cells": [{"cell_type": "heading", "source": "x", "metadata": {}}]}, "does not follow the format"),
    ],
)
def test_what_no_editor_of_python_notebooks_saves_is_refused(keys: dict[str, Any], found: str) -> None:
    (problem,) = problems_of(SETUP, **keys)
    assert found in problem


@pytest.mark.parametrize(
    ("setup", "is_late"),
    [
        ("import checks\nimport keras", False),
        ("import keras\nimport checks", True),
        ("from tensorflow import keras\nimport checks", True),
        ("import checks\nimport numpy as np", False),
    ],
)
def test_keras_is_imported_after_the_checks_which_do_it_without_noise(setup: str, is_late: bool) -> None:
    problems = [str(problem) for problem in lint.import_problems(read(("code", setup), *Q1))]
    assert [", line 1, id setup: found" in problem for problem in problems] == [True] * is_late


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('""" # BEGIN', '"""# BEGIN'),
        ("BEGIN TEST CONFIG", "BEGIN TEST CONFIG  "),
        ('"""', "'''"),
        ('""" # BEGIN', '\n""" # BEGIN'),
    ],
)
def test_the_settings_of_a_check_may_be_spaced_otherwise(old: str, new: str) -> None:
    settings, end, rest = Q1[2][1].partition("END TEST CONFIG")
    cell = ("code", settings.replace(old, new) + end + rest)
    (only,) = read(SETUP, *Q1[:2], cell).questions[0].checks
    assert (only.points, only.function().name) == (2, "check_two_rows")


OTTER_TEST = '""" # BEGIN TEST CONFIG\npoints: 1\n""" # END TEST CONFIG\nassert total == 10'
NBGRADER_TEST = "### BEGIN HIDDEN TESTS\nassert total == 10\n### END HIDDEN TESTS"


@pytest.mark.parametrize(
    ("cells", "tool"),
    [
        ((raw("# ASSIGNMENT CONFIG\ninit_cell: true"), text("**Question 1.**"), ANSWER), "otter assign"),
        (
            (raw("# BEGIN QUESTION\nname: q1"), ("code", "total = 10 # SOLUTION"), ("code", OTTER_TEST)),
            "otter",
        ),
        ((text("# Sums"), ("code", "### BEGIN SOLUTION\ntotal = 10\n### END SOLUTION")), "nbgrader"),
        ((text("# Sums"), ("code", "total = 10"), ("code", NBGRADER_TEST)), "nbgrader"),
    ],
)
def test_a_source_of_another_tool_gets_one_explanation(cells: tuple[tuple[str, str], ...], tool: str) -> None:
    (problem,) = problems_of(*cells)
    assert f"found a source notebook of {tool}" in problem
    assert "a check of this course is a function of the answers" in problem


def test_two_reads_give_equal_sources() -> None:
    cells = (text("# Lab"), SETUP, *Q1, ("code", "add_rows([[1]])"), *Q2)
    first, second = (read_source(notebook(*cells), LABEL) for _ in range(2))
    assert isinstance(first, AuthoredSource)
    assert first == second
