"""Facts are written once, in the configuration, and stand as literals everywhere else."""

from dataclasses import make_dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.build.compile import prepare
from autograder.build.substitute_facts import FactSubstitution, points_by_question
from autograder.course import load_course
from autograder.facts import Facts
from autograder.notebook import Cell, CellType, Source

LAB = make_dataclass("Lab", ["width", "length", "rate", "name"])(3, 12_000, -0.5, "wave")
FACTS = Facts(LAB, {"rows": 7, "sizes": [4, 9], "by": {"a": 1, "b": 2}}, {"fit": {"x": 0.75}})


def folded(text: str, kind: CellType = CellType.CODE, *, calibrated: bool = True) -> str:
    cells, problems = FactSubstitution(FACTS, "tiny", calibrated).apply(
        Source("file", (Cell("c", kind, text),), ())
    )
    assert not problems, problems
    return cells[0].text


def problem(text: str, kind: CellType = CellType.CODE) -> str:
    _, problems = FactSubstitution(FACTS, "tiny").apply(Source("file", (Cell("c", kind, text),), ()))
    assert len(problems) == 1
    return str(problems[0])


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("LAB.width", "3"),
        ("LAB.length", "12_000"),
        ("2 ** LAB.rate", "2 ** (-0.5)"),
        ("LAB.name", "'wave'"),
        ('EXPECTED["rows"]', "7"),
        ('EXPECTED["sizes"][1]', "9"),
        ('EXPECTED["by"][kind]', "{'a': 1, 'b': 2}[kind]"),
        ('EXPECTED["by"].items()', "{'a': 1, 'b': 2}.items()"),
        ('THRESHOLDS["fit"][kit.dataset()]', "{'x': 0.75}[kit.dataset()]"),
        ('f(é=LAB.width, b="LAB.width")  # LAB.width', 'f(é=3, b="LAB.width")  # LAB.width'),
        ("first = LAB.width\nsecond = (LAB.length,\n  LAB.width)", "first = 3\nsecond = (12_000,\n  3)"),
        ("LAB = 5", "LAB = 5"),
        ("other.LAB.width", "other.LAB.width"),
    ],
)
def test_a_fact_in_code_becomes_its_literal_and_nothing_else_changes(text: str, literal: str) -> None:
    assert folded(text) == literal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ LAB.length }} values", "12000 values"),
        ("{{ LAB.length:, }} values", "12,000 values"),
        ("{{LAB.length:,}} values", "12,000 values"),
        ("{{ LAB.rate:.2f }}", "-0.50"),
        ('{{ EXPECTED["sizes"][0] }}', "4"),
        ("$\\frac{{a}}{{b}}$ and {{ }}", "$\\frac{{a}}{{b}}$ and {{ }}"),
    ],
)
def test_a_fact_in_prose_becomes_text(text: str, words: str) -> None:
    assert folded(text, CellType.MARKDOWN) == words


def test_the_line_that_loads_the_facts_is_dropped() -> None:
    loading = 'from autograder.facts import load_facts\n\nLAB, EXPECTED, THRESHOLDS = load_facts("tiny")\n'
    assert folded(f"{loading}width = LAB.width") == "width = 3"


def test_without_calibration_every_answer_that_runs_reaches_the_bar() -> None:
    assert folded('bar = THRESHOLDS["none"][kit.dataset()]', calibrated=False) == "bar = 0.0"
    upper = folded('share = THRESHOLDS["none"]\nchecks.at_most(x, share)', calibrated=False)
    assert upper.startswith("share = 1000000000.0\n")


def test_an_unknown_bar_names_the_command_to_run() -> None:
    assert "course calibrate tiny" in problem('THRESHOLDS["lost"]')


@pytest.mark.parametrize(
    "text", ["{{ WIDTH.x }}", "{{ LAB.width() }}", "{{ LAB.width + 1.0 }}", "{{ LAB.rate:q }}"]
)
def test_prose_that_is_no_fact_is_named(text: str) -> None:
    assert ", line 1, id c: found " in problem(text, CellType.MARKDOWN)


def test_changing_a_parameter_changes_text_code_and_expected_counts(unbuilt_course: Path) -> None:
    config = unbuilt_course / "course_config.py"
    config.write_text(config.read_text().replace('"width": 3', '"width": 6').replace("12_000", "9_000"))
    source = prepare(load_course(unbuilt_course).assignment("tiny")).source
    texts = {cell.id: cell.text for cell in source.cells}
    assert "9,000 values; we smooth it over 6 of them" in texts["title"]
    assert texts["parameters"] == "width, length, seed = 6, 9000, 5"
    assert "(15,)" in texts["q1-shape"]
    assert "9000, (8995,)" in texts["q1-hidden-length"]


def test_prose_can_give_the_due_date_and_the_points_of_several_questions(unbuilt_course: Path) -> None:
    assignment = load_course(unbuilt_course).assignment("tiny")
    points = points_by_question(prepare(assignment).source)
    first, *_, last = [name for name in points if "_to_" not in name and name != "total"]
    assert points[f"{first}_to_{last}"] == points["total"]
    text = f"{{{{ POINTS.{first}_to_{last} }}}} points, due on {{{{ DUE.date }}}}"
    cell = Cell("c", CellType.MARKDOWN, text)
    due = datetime(2027, 1, 9, 23, 59, tzinfo=UTC)
    (actual,), problems = FactSubstitution(FACTS, "tiny", True, points, due).apply(
        Source("file", (cell,), ())
    )
    assert not problems
    assert actual.text == f"{points['total']} points, due on January 9, 2027"


def test_an_unknown_part_of_the_due_date_is_a_problem() -> None:
    assert "use DUE.date" in problem("{{ DUE.hour }}", CellType.MARKDOWN)
