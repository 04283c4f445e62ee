"""Changes of the solution are made where they should be, each once."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checks import Outcome
from autograder.course import Assignment, load_course
from autograder.errors import AuthorError
from autograder.quality import mutation_test, sample
from tests.support.plans import compile_plan
from tests.support.sample_results import ANA

ROOT = Path(__file__).parents[2]
TINY = load_course(Path(__file__).parents[1] / "tiny_assignment").assignment("tiny")
LAB = load_course(ROOT).assignment("lab_4_4_rnn")


def changes(code: str) -> set[tuple[str, str]]:
    return {
        (cell_mutant.before, cell_mutant.after)
        for cell_mutant in mutation_test._cell_mutants("q1-answer", code)
    }


def without_docstrings(code: str) -> str:
    return ast.unparse(mutation_test._strip_docstrings(ast.parse(code)))


@pytest.mark.parametrize("assignment", [TINY, LAB], ids=lambda item: item.name)
def test_every_mutant_is_python_of_its_own(assignment: Assignment) -> None:
    source = compile_plan(assignment).source
    actual = list(mutation_test.generate_mutants(source))
    solution = {
        cell: without_docstrings(code)
        for cell, code in sample.solution_answers(source).items()
        if "def " in code
    }
    assert (
        len({(item.cell, item.code) for item in actual}) == len({item.name for item in actual}) == len(actual)
    )
    assert all(ast.unparse(ast.parse(item.code)) != solution[item.cell] for item in actual)
    assert {item.cell for item in actual} == set(solution)


def test_the_lab_has_enough_of_them() -> None:
    assert len(list(mutation_test.generate_mutants(compile_plan(LAB).source))) >= 200


def test_operators_numbers_and_names_are_changed() -> None:
    code = "def f(a, b):\n    '''Say a.'''\n    return a + 2 < b"
    assert changes(code) == {
        ("return a + 2 < b", after)
        for after in (
            "return a - 2 < b",
            "return a + 2 <= b",
            "return a + 3 < b",
            "return a + 1 < b",
            "return b + 2 < b",
            "return a + 2 < a",
            "return",
        )
    }


def test_arguments_slices_layers_and_statements_are_taken_away_or_swapped() -> None:
    code = "def f(x):\n    y = g(x[1:], k.LSTM(4), mask=True)\n    return [z for z in y if z]"
    actual = changes(code)
    line = "y = g(x[1:], k.LSTM(4), mask=True)"
    for after in (
        "y = g(x[:], k.LSTM(4), mask=True)",
        "y = g(x[1:], k.GRU(4), mask=True)",
        "y = g(x[1:], k.LSTM(4))",
        "y = g(k.LSTM(4), x[1:], mask=True)",
        "y = g(x[1:], k.LSTM(4), mask=False)",
        "",
    ):
        assert (line, after) in actual
    assert ("return [z for z in y if z]", "return [z for z in y]") in actual


def test_a_mutant_survives_only_with_all_points() -> None:
    generate_mutant, other = list(mutation_test.generate_mutants(compile_plan(TINY).source))[:2]
    full = replace(ANA, checks=tuple(replace(check, outcome=Outcome.PASSED) for check in ANA.checks))
    results = {generate_mutant.name: full, other.name: ANA}
    assert mutation_test.survivors({generate_mutant.name: generate_mutant, other.name: other}, results) == [
        generate_mutant
    ]


def test_a_list_of_equivalent_mutants_that_lacks_a_reason_is_refused(tmp_path: Path) -> None:
    elsewhere = replace(TINY, root=tmp_path)
    elsewhere.source.mkdir(parents=True)
    assert mutation_test.load_equivalent_mutants(elsewhere) == {}
    listed = elsewhere.source / mutation_test.EQUIVALENT_FILE
    listed.write_text("[[mutant]]\ncell = 'q1-answer'\nbefore = 'a'\nafter = 'b'\n")
    with pytest.raises(AuthorError, match="reason"):
        mutation_test.load_equivalent_mutants(elsewhere)
    listed.write_text(listed.read_text() + "reason = 'the same'\n")
    assert mutation_test.load_equivalent_mutants(elsewhere) == {("q1-answer", "a", "b"): "the same"}
