"""Nothing that only a hidden check knows reaches what a student reads."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.build import leaks
from autograder.checks import Outcome
from autograder.engine.results import Result
from autograder.engine.run import start_engine
from autograder.notebook import Source
from autograder.report import results_json
from autograder.report.load_run import Run
from autograder.report.pages import write_student
from tests.support.lab_grading import ASSIGNMENT, GradedLab, grade_notebooks, notebook
from tests.support.leaking_answers import LEAKING_ANSWERS, STATEFUL_LEAKS, VISIBLE_INPUTS

pytestmark = pytest.mark.slow

Results = Mapping[str, Result]


@pytest.fixture(scope="session")
def watch(graded_lab: GradedLab) -> leaks.LeakScanner:
    """What the build watches in a release: statements and values of hidden checks, solutions."""
    plan = graded_lab.plan
    expected = (ASSIGNMENT.source / "expected.py").read_text(encoding="utf-8")
    watch = leaks.leak_scanner(plan.source, plan.files, expected, None)
    messages = [leaks.Text(text) for text in sentences(plan.source)]
    return replace(watch, secrets=tuple(w for w in watch.secrets if not any(map(w.is_in, messages))))


def sentences(source: Source) -> Iterator[str]:
    """Yield what hidden checks are written to tell: hints, and what a value is called."""
    for check in source.checks():
        for node in ast.walk(check.function()) if check.hidden else ():
            named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "what"
            if named or (isinstance(node, ast.keyword) and node.arg in ("hint", "what")):
                texts = (part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))
                yield from (text for text in texts if isinstance(text, str))


@pytest.fixture(scope="session")
def smuggled(graded_lab: GradedLab, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The smugglers' notebooks, each with one answer that smuggles, or a pair of them."""
    source = graded_lab.plan.source
    tried = {name: {question: code} for name, (question, code) in LEAKING_ANSWERS.items()} | STATEFUL_LEAKS
    notebooks = {name: notebook(source, codes) for name, codes in tried.items()}
    with start_engine(graded_lab.plan, workers=2) as engine:
        return grade_notebooks(engine, notebooks, tmp_path_factory.mktemp("smuggled") / "submitted")


def pages(result: Result, folder: Path) -> dict[str, bytes]:
    """Return all files that the student of a result may get to see."""
    write_student(Run(folder, ASSIGNMENT, (result,)), result, Source("lab.ipynb", (), ()))
    files = {path.name: path.read_bytes() for path in sorted(folder.rglob("*.*")) if path.is_file()}
    del files[results_json.STAFF_NAME]
    return files


def test_no_known_answer_brings_a_hidden_value_to_light(
    graded_lab: GradedLab, watch: leaks.LeakScanner, tmp_path: Path
) -> None:
    for name, result in graded_lab.results.items():
        files = pages(result, tmp_path / name)
        assert set(files) == {"feedback.html", "results.json"}
        assert watch.scan(files, name) == []


@pytest.mark.parametrize("secret", ["[21, 22, 23, 24, 25]", "731,204", "seed 614889", "seed 550,127"])
def test_a_hidden_value_in_a_sentence_would_be_found(
    graded_lab: GradedLab, watch: leaks.LeakScanner, tmp_path: Path, secret: str
) -> None:
    result = graded_lab.result("otter", "blank")
    messages = [
        replace(check, outcome=Outcome.FAILED, message=f"found {secret}", hidden=False)
        for check in result.checks
    ]
    files = pages(replace(result, checks=tuple(messages)), tmp_path)
    assert len({problem.location.split("/")[1][:8] for problem in watch.scan(files, "x")}) == 2


@pytest.mark.parametrize("name", LEAKING_ANSWERS)
def test_what_an_answer_says_of_a_hidden_input_stays_behind(
    smuggled: Results, watch: leaks.LeakScanner, name: str, tmp_path: Path
) -> None:
    question, _ = LEAKING_ANSWERS[name]
    files = pages(smuggled[name], tmp_path)
    assert numbers(files) <= {VISIBLE_INPUTS[question]}
    assert watch.scan(files, name) == []
    failed = {check.question for check in smuggled[name].checks if check.outcome is not Outcome.PASSED}
    assert failed == {question}


@pytest.mark.parametrize(
    "name", ["the text of an exception", "the class of an exception", "a missing key", "the line of an error"]
)
def test_what_an_answer_says_of_a_visible_input_is_told(smuggled: Results, name: str, tmp_path: Path) -> None:
    question, _ = LEAKING_ANSWERS[name]
    assert numbers(pages(smuggled[name], tmp_path)) == {VISIBLE_INPUTS[question]}


@pytest.mark.parametrize("name", STATEFUL_LEAKS)
def test_what_an_answer_remembers_of_a_hidden_input_is_not_told_by_a_later_one(
    smuggled: Results, name: str, tmp_path: Path
) -> None:
    keeper, teller = STATEFUL_LEAKS[name]
    assert numbers(pages(smuggled[name], tmp_path)) == {VISIBLE_INPUTS[keeper]}
    earned, points = smuggled[name].questions()[teller]
    assert earned < points / 2


def numbers(files: Mapping[str, bytes]) -> set[int]:
    """Return the numbers that stand in files behind a smuggler's mark."""
    text = b"".join(files.values()).decode().replace(",", "")
    return {int(digits) for digits in re.findall(r"(?:leak|frame of 40+|in line 70)(\d+)", text)}
