"""What docs/students.md says is so."""

import ast
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autograder.commands.cli import course
from autograder.files import RESERVED_NAMES
from autograder.lateness import LatePolicy, lateness
from autograder.report.exports import FORMATS
from autograder.report.roster import COLUMNS

TEXT = (Path(__file__).parents[1] / "docs" / "students.md").read_text(encoding="utf-8")
DUE = datetime.fromisoformat("2027-01-29T23:59:00+01:00")
LATE = (
    (timedelta(minutes=15), 0, 0.0),
    (timedelta(minutes=15, seconds=1), 1, 0.1),
    (timedelta(hours=24), 1, 0.1),
    (timedelta(hours=24, seconds=1), 2, 0.2),
    (timedelta(days=7, seconds=1), 8, 1.0),
)


def test_its_commands_exist_with_their_options() -> None:
    lines = re.findall(r"^course ([\w-]+) (.*)", TEXT, re.M)
    assert len(lines) == 7
    for name, rest in lines:
        options = {option for param in course.commands[name].params for option in param.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options
    assert set(re.findall(r"--format ([\w-]+)", TEXT)) <= set(FORMATS)


def test_its_columns_are_those_of_the_roster() -> None:
    table = TEXT.split("| column | holds |")[1].split("###")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.M)) == COLUMNS


def test_its_policy_costs_what_its_table_says() -> None:
    (entry,) = re.findall(r'^"late": (\{.*\}),', TEXT, re.M)
    policy = LatePolicy(**ast.literal_eval(entry))
    rows = re.findall(r"^\| (?:\d+ \w|7 days)[^|]*\| (\d) \| (nothing|all|\d+ %) \|", TEXT, re.M)
    shares = {"nothing": 0.0, "10 %": 0.1, "20 %": 0.2, "all": 1.0}
    assert [(int(days), shares[taken]) for days, taken in rows] == [(days, share) for _, days, share in LATE]
    for after, days, share in LATE:
        actual = lateness((DUE + after).isoformat(), DUE, policy)
        assert (actual.days, actual.penalty) == (days, pytest.approx(share))


def test_every_file_of_a_run_is_among_the_places_of_personal_data() -> None:
    assert {name for name in RESERVED_NAMES if f"`DIR/{name}`" not in TEXT} == set()


def test_no_student_can_have_the_name_of_a_table() -> None:
    """A format added to the exports and not to the names would be written over a student's folder."""
    assert {name for name, _ in FORMATS.values()} <= set(RESERVED_NAMES)
