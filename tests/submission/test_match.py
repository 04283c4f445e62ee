import json
from dataclasses import replace
from typing import Any

import pytest

from autograder.errors import StudentError
from autograder.submission.match import MatchedSubmission, match_submission, released
from autograder.submission.peek import peek
from tests.submission.conftest import SolvedAssignment, cell, code_cell, comparable_steps, index, step_labels
from tests.support import notebook_variants


@pytest.fixture(scope="module")
def clean(lab: SolvedAssignment) -> MatchedSubmission:
    return lab.match(lab.notebook_copy())


def test_a_clean_submission_is_the_source_with_the_students_answers(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    assert clean.repairs == clean.flags == ()
    wanted = []
    answers = {answer.cell.id: answer for answer in lab.source.answers()}
    checks = {check.cell.id for check in lab.source.checks()}
    firsts = {question.checks[0].cell.id: question.name for question in lab.source.questions}
    for actual in lab.source.cells:
        if actual.id in answers:
            wanted.append(("answer", actual.id, answers[actual.id].solution()))
        elif actual.id in firsts:
            wanted.append(("checks", actual.id, ""))
        elif actual.cell_type == "code" and actual.id not in checks:
            wanted.append(("provided", actual.id, actual.text))
    assert [(step.kind, step.cell, step.text) for step in clean.steps] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("change", notebook_variants.EQUIVALENT_EDITS, ids=lambda change: change.__name__)
def test_what_changes_no_answer_changes_no_step(
    lab: SolvedAssignment, clean: MatchedSubmission, change: Any
) -> None:
    matched = lab.match(change(lab.notebook_copy()))
    assert comparable_steps(matched) == comparable_steps(clean)
    assert matched.flags == ()


@pytest.mark.parametrize("form", notebook_variants.FILE_FORMATS, ids=lambda form: form.__name__)
def test_other_forms_of_file_give_the_same_steps(
    lab: SolvedAssignment, clean: MatchedSubmission, form: Any
) -> None:
    matched = lab.match(form(lab.notebook_copy()))
    assert comparable_steps(matched) == comparable_steps(clean)
    assert matched.repairs


def test_a_changed_given_cell_runs_before_the_original(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    cell(raw, "pad-all")["source"] = "import string\nX_train_padded = 5"
    matched = lab.match(raw)
    place = step_labels(clean).index("provided pad-all")
    number = index(raw, "pad-all") + 1
    assert matched.steps[place].text == "import string\nX_train_padded = 5"
    assert step_labels(matched) == [
        *step_labels(clean)[:place],
        f"extra extra-{number}",
        *step_labels(clean)[place:],
    ]
    assert "pad-all" in matched.repairs[0]


def test_a_changed_given_cell_without_an_id_is_still_known(lab: SolvedAssignment) -> None:
    raw = lab.notebook_copy()
    cell(raw, "train-dense")["source"] += "\nprint('mine')"
    matched = lab.match(notebook_variants.without_ids_and_metadata(raw))
    place = step_labels(matched).index("provided train-dense")
    assert matched.steps[place - 1].text.endswith("print('mine')")
    assert any("changed: train-dense" in repair for repair in matched.repairs)


def test_a_guess_that_the_notebook_asks_for_is_no_repair(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    cell(raw, "predict-order")["source"] = "guess_averaging = 0.5"
    matched = lab.match(raw)
    assert matched.repairs == ()
    assert len(matched.steps) == len(clean.steps) + 1


def test_a_changed_copy_of_a_given_cell_is_the_students_own(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    copy = cell(raw, "train-dense") | {"source": cell(raw, "train-dense")["source"] + "\nx = 1"}
    raw["cells"].insert(index(raw, "train-dense") + 1, copy)
    matched = lab.match(raw)
    place = step_labels(clean).index("provided train-dense") + 1
    assert matched.steps[place].text == copy["source"]
    assert [*matched.steps[:place], *matched.steps[place + 1 :]] == list(clean.steps)


def test_a_shortened_given_cell_is_only_put_back(lab: SolvedAssignment, clean: MatchedSubmission) -> None:
    raw = lab.notebook_copy()
    cell(raw, "setup")["source"] = "import tensorflow as tf"
    assert comparable_steps(lab.match(raw)) == comparable_steps(clean)


@pytest.mark.parametrize("strip", [notebook_variants.unchanged, notebook_variants.without_ids_and_metadata])
def test_own_cells_follow_the_cell_above_them(lab: SolvedAssignment, strip: Any) -> None:
    raw = lab.notebook_copy()
    raw["cells"].insert(index(raw, "pad-all") + 1, code_cell("mine = 1"))
    raw["cells"].insert(index(raw, "q3-answer"), code_cell("def helper(): pass"))
    raw["cells"].insert(0, code_cell("%matplotlib inline\n!pip install this"))
    matched = lab.match(strip(raw) if strip is notebook_variants.unchanged else _stripped(raw))
    steps = [(step.kind, step.text or step.cell) for step in matched.steps]
    texts = [text for _, text in steps]
    assert steps[0] == ("extra", "%matplotlib inline\n!pip install this")
    assert texts.index("mine = 1") == step_labels(matched).index("provided pad-all") + 1
    assert texts.index("def helper(): pass") == step_labels(matched).index("answer q3-answer") - 1


def _stripped(raw: dict[str, Any]) -> dict[str, Any]:
    for actual in raw["cells"]:
        actual.pop("id", None)
        actual["metadata"] = {}
    return raw


def test_own_cells_above_an_answer_that_stands_elsewhere_go_with_it(lab: SolvedAssignment) -> None:
    raw = lab.notebook_copy()
    answer = raw["cells"].pop(index(raw, "q2-answer"))
    raw["cells"] += [code_cell("def helper(): pass"), answer]
    matched = lab.match(raw)
    place = step_labels(matched).index("answer q2-answer")
    assert matched.steps[place - 1].text == "def helper(): pass"
    assert matched.repairs == ("Answers were in a different place and ran with their question: q2.",)


def test_copies_of_an_answer_all_run_in_their_order(lab: SolvedAssignment, clean: MatchedSubmission) -> None:
    raw = lab.notebook_copy()
    copy = cell(raw, "q2-answer") | {"source": "def pad_reviews(reviews, max_length):\n    return reviews"}
    raw["cells"].insert(index(raw, "q2-answer") + 1, copy)
    matched = lab.match(raw)
    place = step_labels(matched).index("answer q2-answer")
    assert step_labels(matched)[place : place + 3] == [
        "answer q2-answer",
        "answer q2-answer.2",
        "checks q2-shape",
    ]
    assert matched.steps[place].text == clean.steps[place].text
    assert matched.steps[place + 1].text == copy["source"]


@pytest.mark.parametrize("name", ["q2-answer", "scratch"])
def test_a_second_definition_below_the_checks_does_not_reach_them(
    lab: SolvedAssignment, clean: MatchedSubmission, name: str
) -> None:
    raw = lab.notebook_copy()
    later = code_cell("def pad_reviews(reviews, max_length):\n    return reviews", name)
    raw["cells"].insert(index(raw, "figure-b"), later)
    matched = lab.match(raw)
    extra = [step for step in matched.steps if step.kind == "extra"]
    assert [step.text for step in extra] == [later["source"]]
    assert [step for step in matched.steps if step.kind != "extra"] == list(clean.steps)


def test_an_answer_in_a_scratch_cell_counts_if_its_own_cell_is_blank(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    text = cell(raw, "q5-answer")["source"]
    cell(raw, "q5-answer")["source"] = "def build_simple_rnn():\n    ..."
    stub = next(answer for answer in lab.source.answers() if answer.cell.id == "q5-answer").stub()
    cell(raw, "q5-answer")["source"] = stub
    raw["cells"].append(code_cell(text, "scratch"))
    assert comparable_steps(lab.match(raw)) == comparable_steps(clean)


@pytest.mark.parametrize("strip", [notebook_variants.unchanged, notebook_variants.without_ids_and_metadata])
def test_an_answer_that_uses_an_earlier_questions_name_stays_whole(
    lab: SolvedAssignment, clean: MatchedSubmission, strip: Any
) -> None:
    raw = lab.notebook_copy()
    actual = cell(raw, "q6-answer")
    actual["source"] = f"import numpy as np\n\ndef build_simple_rnn():\n    return 1\n\n\n{actual['source']}"
    matched = lab.match(strip(raw))
    place = step_labels(clean).index("answer q6-answer")
    assert step_labels(matched) == step_labels(clean)
    assert matched.steps[place].text == actual["source"]


def test_a_deleted_answer_is_no_step_and_is_said(lab: SolvedAssignment, clean: MatchedSubmission) -> None:
    raw = lab.notebook_copy()
    del raw["cells"][index(raw, "q7-answer")]
    matched = lab.match(raw)
    assert comparable_steps(matched) == [step for step in comparable_steps(clean) if step[1] != "q7-answer"]
    assert matched.repairs == ("q7: no cell defines rnn_params; it counts as not answered.",)


@pytest.mark.parametrize("strip", [notebook_variants.unchanged, notebook_variants.without_ids_and_metadata])
def test_a_renamed_function_is_flagged(lab: SolvedAssignment, strip: Any) -> None:
    raw = lab.notebook_copy()
    actual = cell(raw, "q3-answer")
    actual["source"] = actual["source"].replace("build_dense_baseline", "build_baseline")
    matched = lab.match(strip(raw))
    assert matched.flags == ("q3 asks for build_dense_baseline; the cell defines build_baseline.",)
    place = [step.text for step in matched.steps].index(actual["source"])
    assert matched.steps[place + 1].kind == "checks"


@pytest.mark.parametrize("strip", [notebook_variants.unchanged, notebook_variants.without_ids_and_metadata])
def test_an_answer_that_is_no_python_runs_as_it_is(
    lab: SolvedAssignment, clean: MatchedSubmission, strip: Any
) -> None:
    raw = lab.notebook_copy()
    cell(raw, "q8-answer")["source"] = "def tied_with_best(runs):\n    return [("
    matched = lab.match(strip(raw))
    assert step_labels(matched) == step_labels(clean)
    place = step_labels(clean).index("answer q8-answer")
    assert matched.steps[place].text == "def tied_with_best(runs):\n    return [("


def test_the_tools_metadata_tells_answers_that_nothing_else_does(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    """nbgrader's ``grade_id`` names the cell; otter's tag says that it is an answer."""
    raw = lab.notebook_copy()
    cell(raw, "q8-answer")["source"] = "    return [("
    cell(raw, "q4-answer")["source"] = ""
    matched = lab.match(notebook_variants.without_ids(raw))
    assert step_labels(matched) == [step for step in step_labels(clean) if step != "answer q4-answer"]
    assert next(step.text for step in matched.steps if step.cell == "q8-answer") == "    return [("


def test_answers_in_exchanged_cells_run_with_their_questions(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    first, second = cell(raw, "q7-answer"), cell(raw, "q8-answer")
    first["source"], second["source"] = second["source"], first["source"]
    assert comparable_steps(lab.match(raw)) == comparable_steps(clean)


def test_two_answers_of_a_question_may_stand_in_one_cell(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    text = cell(raw, "q2-helper")["source"] + "\n\n" + cell(raw, "q2-answer")["source"]
    del raw["cells"][index(raw, "q2-helper")]
    cell(raw, "q2-answer")["source"] = text
    assert comparable_steps(tiny_assignment.match(raw)) == comparable_steps(
        tiny_assignment.match(tiny_assignment.notebook_copy())
    )


def test_what_stands_between_merged_answers_goes_where_it_can_run(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    parts = [
        "from math import pi",
        cell(raw, "q1-answer")["source"],
        "print(moving_average(series))",
        "def shared(): pass",
        cell(raw, "q2-helper")["source"],
        cell(raw, "q2-answer")["source"],
    ]
    stored = [
        actual for actual in raw["cells"] if actual["id"] not in ("q1-answer", "q2-helper", "q2-answer")
    ]
    merged = code_cell("\n".join(parts), "merged")
    matched = tiny_assignment.match(raw | {"cells": [*stored, merged]})
    texts = {step.cell: step.text for step in matched.steps}
    assert texts["q1-answer"] == "\n".join(parts[:3])
    assert texts["q2-helper"] == "\n".join(parts[3:5])
    assert texts["q2-answer"] == parts[5]


def test_comments_of_merged_answers_go_with_the_statement_below_them(
    tiny_assignment: SolvedAssignment,
) -> None:
    """A cell that is cut loses no comment, whatever blank lines are around it."""
    raw = tiny_assignment.notebook_copy()
    first = "# how I do it\n\n# step 1\n\n" + cell(raw, "q1-answer")["source"]
    second = (
        "# TODO: explain\n\n\n    # with a mask\n\n"
        + cell(raw, "q2-answer")["source"]
        + "\n\n# done\n\n# really"
    )
    stored = [actual for actual in raw["cells"] if actual["id"] not in ("q1-answer", "q2-answer")]
    matched = tiny_assignment.match(raw | {"cells": [*stored, code_cell(f"{first}\n\n\n{second}\n")]})
    texts = {step.cell: step.text for step in matched.steps}
    assert (texts["q1-answer"], texts["q2-answer"]) == (first, second)


def test_comments_between_the_parts_of_an_answer_stay(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    first = "# a helper\n\ndef shared(): pass\n\n# the answer\n\n" + cell(raw, "q1-answer")["source"]
    second = cell(raw, "q2-answer")["source"]
    stored = [actual for actual in raw["cells"] if actual["id"] not in ("q1-answer", "q2-answer")]
    matched = tiny_assignment.match(
        raw | {"cells": [*stored, code_cell(f"{first}\n# of the second\n\n{second}")]}
    )
    texts = {step.cell: step.text for step in matched.steps}
    assert texts["q1-answer"] == first
    assert texts["q2-answer"] == f"# of the second\n\n{second}"


def test_merged_answers_with_magics_are_told_apart(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    first = "files = !ls\n" + cell(raw, "q1-answer")["source"]
    second = cell(raw, "q2-answer")["source"] + "\nstandardize?\n!pip list"
    stored = [actual for actual in raw["cells"] if actual["id"] not in ("q1-answer", "q2-answer")]
    matched = tiny_assignment.match(
        _stripped(raw | {"cells": [*stored, code_cell(f"%matplotlib inline\n{first}\n\n{second}")]})
    )
    place = step_labels(matched).index("answer q1-answer")
    assert matched.steps[place - 1].text == "%matplotlib inline"
    texts = {step.cell: step.text for step in matched.steps}
    assert (texts["q1-answer"], texts["q2-answer"]) == (first, second)


def test_checks_of_a_submission_never_run(lab: SolvedAssignment, clean: MatchedSubmission) -> None:
    raw = lab.notebook_copy()
    place = index(raw, "q2-answer") + 1
    forged = "def check_padded_shape(pad_reviews):\n    pass\nchecks.run(check_padded_shape)"
    for text in ('grader.check("q2")', "grader.check_all()", forged, "import otter\ng = otter.Notebook()"):
        raw["cells"].insert(place, code_cell(text))
    assert comparable_steps(lab.match(raw)) == comparable_steps(clean)


def test_an_answer_written_into_a_check_cell_counts(lab: SolvedAssignment, clean: MatchedSubmission) -> None:
    raw = lab.notebook_copy()
    answer = cell(raw, "q2-answer")["source"]
    del raw["cells"][index(raw, "q2-answer")]
    check = next(actual for actual in raw["cells"] if actual["id"] in ("q2-check", "q2-shape"))
    check["source"] = f"{answer}\n\n{check['source']}"
    assert comparable_steps(lab.match(raw)) == comparable_steps(clean)


def test_answers_that_people_mark_are_kept(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    assert dict(tiny_assignment.match(raw).texts) == {"q3": cell(raw, "q3-answer")["source"]}
    cell(raw, "q3-answer")["source"] = "Sums *share* values.\u202e"
    assert dict(tiny_assignment.match(raw).texts) == {"q3": "Sums *share* values."}
    assert dict(tiny_assignment.match(_stripped(raw)).texts) == {"q3": "Sums *share* values."}


@pytest.mark.parametrize("text", ["", "_Type your answer here, replacing this text._"])
def test_a_text_that_was_not_written_is_empty(tiny_assignment: SolvedAssignment, text: str) -> None:
    raw = tiny_assignment.notebook_copy()
    cell(raw, "q3-answer")["source"] = text
    assert dict(tiny_assignment.match(raw).texts) == {"q3": ""}


def test_a_text_in_a_code_cell_is_kept_and_not_run(tiny_assignment: SolvedAssignment) -> None:
    raw = tiny_assignment.notebook_copy()
    actual = cell(raw, "q3-answer")
    actual |= {"cell_type": "code", "outputs": [], "execution_count": None, "source": "Sums share values"}
    matched = tiny_assignment.match(raw)
    assert dict(matched.texts) == {"q3": "Sums share values"}
    assert comparable_steps(matched) == comparable_steps(
        tiny_assignment.match(tiny_assignment.notebook_copy())
    )


def test_foreign_and_copied_nbgrader_names_are_flagged(
    lab: SolvedAssignment, clean: MatchedSubmission
) -> None:
    raw = lab.notebook_copy()
    for name, output in {
        "samples": "q99",
        "title": "q7-answer",
        "step-1": "q2-shape",
        "step-2": "q2-shape",
    }.items():
        cell(raw, name)["metadata"]["nbgrader"] = {"grade_id": output, "points": 100, "grade": True}
    matched = lab.match(raw)
    assert comparable_steps(matched) == comparable_steps(clean)
    assert any("do not belong to this assignment: q99" in flag for flag in matched.flags)
    assert any("the same nbgrader id" in flag and "q2-shape" in flag for flag in matched.flags)
    assert any("contradict" in flag and "q7-answer" in flag for flag in matched.flags)


def test_a_notebook_that_says_it_is_another_assignments_is_flagged(lab: SolvedAssignment) -> None:
    raw = lab.notebook_copy()
    raw["metadata"]["course"] = {"assignment": "lab_4_3_cnn"}
    assert lab.match(raw).flags == ("The notebook says that it belongs to 'lab_4_3_cnn'.",)


@pytest.mark.parametrize(
    "body", ["...", "pass", "return", "return None", "return ...", "raise NotImplementedError()"]
)
def test_a_file_of_an_earlier_release_is_flagged_and_its_blank_stubs_are_no_answers(
    lab: SolvedAssignment, clean: MatchedSubmission, body: str
) -> None:
    raw = lab.notebook_copy()
    cell(raw, "q3")["source"] += "\n\nThe layer has 16 units."
    cell(raw, "q2-answer")["source"] = (
        'def pad_reviews(reviews, length, value=0):\n    """Pad at the end."""\n    # TODO(q2)\n    '
    ) + body
    matched = lab.match(raw)
    (flag,) = matched.flags
    assert flag.startswith("Some texts are not those of this release: q3; the file may have been")
    assert peek("x.ipynb", json.dumps(raw).encode(), lab.source, lab.assignment.name, "").answered == (
        len(list(lab.source.answers())) - 1
    )
    assert [step for step in matched.steps if step.question != "q2"] == [
        step for step in clean.steps if step.question != "q2"
    ]


def test_another_assignments_notebook_is_refused_whatever_its_ids_say(
    lab: SolvedAssignment, tiny_assignment: SolvedAssignment
) -> None:
    raw = tiny_assignment.notebook_copy()
    for number, name in enumerate(["setup", "parameters", "q1-answer", "q2-answer", "q1"]):
        raw["cells"][number]["id"] = name
        raw["cells"][number]["source"] += "\nx = 1"
    with pytest.raises(StudentError, match=r"^This file is not "):
        lab.match(raw)


def test_steps_have_unique_names(lab: SolvedAssignment) -> None:
    raw = lab.notebook_copy()
    answer = cell(raw, "q2-answer")["source"]
    for actual in list(raw["cells"]):
        raw["cells"].insert(index(raw, "q2-answer"), json.loads(json.dumps(actual)))
    cell(raw, "q1-answer")["source"] += f"\n{answer}\nx = 1\n"
    names = [step.cell for step in lab.match(raw).steps]
    assert len(names) == len(set(names))


def test_matching_never_changes_what_it_is_given(lab: SolvedAssignment) -> None:
    data = json.dumps(lab.notebook_copy()).encode()
    assert lab.match(data) == lab.match(data)


def test_the_reader_knows_no_solution_and_no_code_of_a_hidden_check(lab: SolvedAssignment) -> None:
    _, payload = released(lab.source)
    for answer in lab.source.answers():
        assert not (long_lines(answer.solution()) - long_lines(answer.stub())) & lines_of(payload)
    visible, hidden = set(), set()
    for check in lab.source.checks():
        (hidden if check.hidden else visible).update(long_lines(check.code))
    assert visible <= lines_of(payload)
    assert hidden - visible
    assert not (hidden - visible) & lines_of(payload)


def long_lines(text: str) -> set[str]:
    return {line for line in text.split("\n") if len(line) > 30}


def lines_of(payload: str) -> set[str]:
    """Return the lines of all texts in JSON."""
    texts, values = set(), [json.loads(payload)]
    while values:
        value = values.pop()
        if isinstance(value, str):
            texts |= set(value.split("\n"))
        elif isinstance(value, (dict, list)):
            values += value.values() if isinstance(value, dict) else value
    return texts


def test_a_submission_is_matched_in_the_reader_as_here(lab: SolvedAssignment) -> None:
    data = json.dumps(lab.notebook_copy()).encode()
    grading = replace(lab.assignment.grading, display_only_cells=())
    actual = match_submission(data, lab.source, replace(lab.assignment, grading=grading))
    assert actual == lab.match(data)
    with pytest.raises(StudentError, match=r"^This file is not "):
        match_submission(b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}', lab.source, lab.assignment)
