"""``course validate`` notices every verdict that changes; results are made by hand here."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder import known_answers
from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.results import CheckResult, Result
from autograder.errors import AuthorError
from autograder.quality.sample import BLANK, SOLUTION
from autograder.quality.validate import ValidationReport, compare_verdicts
from tests.support.plans import compile_plan
from tests.support.sample_results import PROVENANCE

ASSIGNMENT = load_course(Path(__file__).parents[2]).assignment("lab_4_4_rnn")
SOURCE = compile_plan(ASSIGNMENT).source
KNOWN = known_answers.load(ASSIGNMENT)
CHECKS = {check.cell.id: check for check in SOURCE.checks()}
HIDDEN = [name for name, check in CHECKS.items() if check.hidden]


def result(name: str, fails: Collection[str], says: str = "", outcome: Outcome = Outcome.FAILED) -> Result:
    checks = tuple(
        CheckResult(
            check.cell.id,
            check.cell.id.split("-")[0],
            check.title,
            check.hidden,
            check.points,
            outcome if check.cell.id in fails else Outcome.PASSED,
            says if check.cell.id in fails else "",
        )
        for check in CHECKS.values()
    )
    return Result(name, f"{name}.ipynb", ASSIGNMENT.name, checks, PROVENANCE)


def as_they_must_be() -> dict[str, Result]:
    results = {item.name: result(item.name, item.failing_checks, item.message_part) for item in KNOWN}
    for item in KNOWN:
        if item.review_checks:
            checks = zip(
                results[item.name].checks,
                result(item.name, item.review_checks, item.message_part, Outcome.REVIEW).checks,
                strict=True,
            )
            merged = tuple(second if second.outcome is Outcome.REVIEW else first for first, second in checks)
            results[item.name] = replace(results[item.name], checks=merged)
    return {
        **results,
        SOLUTION: result(SOLUTION, ()),
        BLANK: result(BLANK, CHECKS, "not answered yet", Outcome.BLOCKED),
    }


def compare(results: Mapping[str, Result]) -> ValidationReport:
    return compare_verdicts(SOURCE, KNOWN, results)


def test_nothing_is_wrong_when_each_answer_gets_its_verdict() -> None:
    report = compare(as_they_must_be())
    assert report.problems == ()
    assert [line for line in report.redundant if "no known wrong answer fails it" in line] == []
    assert list(report.matrix) == [answer.name for answer in KNOWN if not answer.is_right]


def test_a_solution_that_only_a_person_can_judge_is_a_problem() -> None:
    seen = "this rests on a part that cannot be judged automatically: found Mine (your own code)."
    results = as_they_must_be() | {SOLUTION: result(SOLUTION, ["q5-layers"], seen, Outcome.REVIEW)}
    (problem,) = compare(results).problems
    assert problem.startswith(
        "solution: a person would have to decide q5-layers for every student (this rests"
    )
    assert "found Mine" in problem


@pytest.mark.slow
@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_check_that_always_passes_lets_a_named_answer_survive(name: str) -> None:
    results = {
        student: replace(
            item,
            checks=tuple(
                replace(check, outcome=Outcome.PASSED) if check.id == name else check for check in item.checks
            ),
        )
        for student, item in as_they_must_be().items()
    }
    report = compare(results)
    surviving = {item.name for item in KNOWN if name in item.failing_checks}
    assert surviving
    assert {line.split(":")[0] for line in report.problems if f"passes {name}," in line} == surviving
    assert any(line.startswith(f"{name}: redundant") for line in report.redundant)


def test_a_check_of_another_question_that_fails_is_collateral() -> None:
    results = as_they_must_be() | {"q3_no_mask": result("q3_no_mask", ["q3-mask", "q3-padding", "q4-shape"])}
    (problem, words) = compare(results).problems
    assert problem == "q3_no_mask: collateral: also fails q4-shape of another question"
    assert words.startswith("q3_no_mask: no message contains 'padding zeros change'")


def test_a_wrong_answer_that_passes_names_the_check_and_what_to_correct() -> None:
    results = as_they_must_be() | {"q3_no_mask": result("q3_no_mask", ["q3-mask"])}
    problem = next(line for line in compare(results).problems if "passes" in line)
    assert problem.startswith("q3_no_mask: passes q3-padding, which must catch it; correct the check or ")


def test_a_right_answer_that_fails_is_a_false_alarm() -> None:
    results = as_they_must_be() | {"right_q4_loops": result("right_q4_loops", ["q4-keras"])}
    assert compare(results).problems == (
        "right_q4_loops: false alarm: also fails q4-keras of its own question",
    )


def test_a_solution_that_fails_and_a_blank_release_that_passes_are_reported() -> None:
    results = as_they_must_be() | {
        SOLUTION: result(SOLUTION, ["q1-words"]),
        BLANK: result(BLANK, set(CHECKS) - {"q1-words"}, outcome=Outcome.BLOCKED),
    }
    assert [line.split(";")[0] for line in compare(results).problems] == [
        "solution: does not pass q1-words",
        "blank: q1-words is passed",
    ]


def test_the_page_names_every_known_answer() -> None:
    page = (ASSIGNMENT.root / "docs" / "results" / "validation.md").read_text(encoding="utf-8")
    assert [item.name for item in KNOWN if f"| {item.name} |" not in page] == []


def test_an_answer_of_two_names_or_without_a_place_is_refused(tmp_path: Path) -> None:
    elsewhere = replace(ASSIGNMENT, root=tmp_path)
    folder = elsewhere.source / known_answers.FOLDER
    (folder / "idioms").mkdir(parents=True)
    head = 'question = "q1"\nfailing_checks = []\n'
    (folder / "q1_twice.py").write_text(f'"""\n{head}misconception = "a loop"\n"""\n')
    (folder / "idioms" / "q1_twice.py").write_text(f'"""\n{head}seen = "forums"\n"""\n')
    (folder / "idioms" / "q1_nowhere.py").write_text(f'"""\n{head}"""\n')
    with pytest.raises(AuthorError) as error:
        known_answers.load(elsewhere)
    assert "known_answers/q1_twice.py: another known answer has this name" in str(error.value)
    assert "known_answers/idioms/q1_nowhere.py" in str(error.value) and "seen" in str(error.value)


def test_what_a_person_must_decide_is_expected_where_the_answer_says_so() -> None:
    answer = replace(
        KNOWN[0], failing_checks=(), review_checks=("q1-words",), seen="forums", misconception=""
    )
    seen = {
        SOLUTION: result(SOLUTION, ()),
        BLANK: result(BLANK, CHECKS, "not answered yet", Outcome.BLOCKED),
        answer.name: result(answer.name, ["q1-special"], outcome=Outcome.REVIEW),
    }
    assert compare_verdicts(SOURCE, [answer], seen).problems == (
        f"{answer.name}: a person need not decide q1-special; correct the check or review_checks",
        f"{answer.name}: a person must decide q1-words; correct the check or review_checks",
    )


def write_answer(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('question = "q1"\nseen = "forums"', "'failing_checks' is missing"),
        (
            'question = "q1"\nseen = "forums"\nfailing_checks = "q1-words"',
            "failing_checks: found 'q1-words'; write a list",
        ),
        ('question = "q1"\nseen = "forums"\nfailing_checks = [1]', "failing_checks: found 1; write a string"),
        (
            'question = "q1"\nseen = "forums"\nfailing_checks = []\nkinds = "shape"',
            "unknown key 'kinds'; did you mean 'kind'?",
        ),
        ('question = "q1"\nfailing_checks = []', "set either misconception or seen"),
        ("question: q1", "cannot be read: Expected '=' after a key"),
    ],
)
def test_a_known_answer_with_a_mistake_says_where_and_what_to_write(
    tmp_path: Path, head: str, message: str
) -> None:
    elsewhere = replace(ASSIGNMENT, root=tmp_path)
    write_answer(elsewhere.source / known_answers.FOLDER, "q1_loop", f'"""\n{head}\n"""\n')
    with pytest.raises(AuthorError) as error:
        known_answers.load(elsewhere)
    (problem,) = error.value.problems
    assert problem.startswith(f"known_answers/q1_loop.py: {message}")


@pytest.mark.parametrize("text", ["", "x = 1\n", '"""An answer."""\nx = 1\n'])
def test_a_file_without_a_docstring_in_toml_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    elsewhere = replace(ASSIGNMENT, root=tmp_path)
    write_answer(elsewhere.source / known_answers.FOLDER, "q1_loop", text)
    with pytest.raises(AuthorError) as error:
        known_answers.load(elsewhere)
    assert {problem.split(": ")[0] for problem in error.value.problems} == {"known_answers/q1_loop.py"}
    assert "\n" not in error.value.problems[0]


def test_the_code_is_all_below_the_docstring_however_that_is_quoted(tmp_path: Path) -> None:
    elsewhere = replace(ASSIGNMENT, root=tmp_path)
    head = 'question = "q1"\nseen = "forums"\nfailing_checks = []\n'
    code = '\n# first\ndef f():\n    """Two\n"""\n    return "\u2028"\n'
    write_answer(elsewhere.source / known_answers.FOLDER, "q1_double", f'"""\n{head}"""  # TOML\n{code}')
    write_answer(elsewhere.source / known_answers.FOLDER, "q1_single", f"'''\n{head}'''\n{code}")
    write_answer(elsewhere.source / known_answers.FOLDER, "q1_windows", f'\ufeff"""\n{head}"""\n{code}')
    assert [answer.code for answer in known_answers.load(elsewhere)] == [code, code, code]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": "q33"}, "no question 'q33'; did you mean 'q3'?"),
        (
            {"failing_checks": ("q3-mask", "q3-paddding")},
            "no check 'q3-paddding'; did you mean 'q3-padding'?",
        ),
        ({"review_checks": ("q3-massk",)}, "no check 'q3-massk'; did you mean 'q3-mask'?"),
        ({"undecided_checks": ("q3-massk",)}, "no check 'q3-massk'; did you mean 'q3-mask'?"),
    ],
)
def test_an_answer_that_names_what_does_not_exist_is_refused(
    changes: Mapping[str, Any], message: str
) -> None:
    known_answers.require_names(KNOWN, SOURCE)
    answer = replace(next(item for item in KNOWN if item.name == "q3_no_mask"), **changes)
    with pytest.raises(AuthorError) as error:
        known_answers.require_names([*KNOWN, answer], SOURCE)
    assert error.value.problems == (f"q3_no_mask: {message}",)


def test_a_message_part_is_looked_for_in_what_a_person_reads_too() -> None:
    answer = next(item for item in KNOWN if item.review_checks and item.message_part)
    silent = replace(answer, message_part="said by no check")
    results = as_they_must_be()
    (problem,) = compare_verdicts(SOURCE, [silent], results).problems
    assert problem.startswith(f"{answer.name}: no message contains 'said by no check'; found ")
    right = replace(answer, failing_checks=(), review_checks=())
    assert "no message" not in "".join(compare_verdicts(SOURCE, [right], results).problems)
