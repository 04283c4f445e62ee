"""What Canvas and Moodle import: whose mark, which mark, and nothing that is lost on the way."""

import csv
import io
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.engine.results import Result, StaffMark
from autograder.errors import StaffError
from autograder.lateness import LatePolicy
from autograder.report import exports, load_run, marks, summary
from autograder.report.load_run import Run
from autograder.report.roster import Roster, Student
from tests.report.test_spreadsheet import unescape_formula
from tests.support.sample_results import checks_with_review, checks_with_ungraded, result_for

TINY = Path(__file__).parents[1] / "tiny_assignment"
NAMES = (
    "Lovelace, Ada", 'Ben "Big" Ng', "Two\nLines", "=1+1", "+Plus", "-Minus", "@At", "\tTab", "\rReturn",
    "'=Quoted", "李雷", "Renée; =2", "Zoë\r\nØst",
)  # fmt: skip
CLASS = tuple(
    Student(f"s{place}", f"00{place}", name, f"s{place}@example.org", "A, B", f"1{place:03}", f"2{place:03}")
    for place, name in enumerate(NAMES)
)


def run_of(results: list[Result], roster: Roster, tmp_path: Path) -> Run:
    policy = LatePolicy(grace_minutes=15, per_day=0.1, max_penalty=0.5)
    assignment = replace(load_course(TINY).assignment("tiny"), late=policy)
    return Run(tmp_path, assignment, tuple(results), marks.final_marks(results, roster, assignment))


def submitted(student: str, **others: object) -> Result:
    return result_for(student, **{"ids": {"student": student}, "flags": (), "manual": {}, **others})


def table(path: Path) -> list[list[str]]:
    """Read as strictly as can be, and take apostrophes away that keep cells from being formulas."""
    text = path.read_bytes().decode("utf-8")
    return [
        [unescape_formula(cell) for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), strict=True)
    ]


def rows(run: Run) -> list[dict[str, str]]:
    path = exports.export(run, "csv")
    header, *lines = table(path)
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return run_of([submitted(student.student) for student in CLASS], CLASS, tmp_path)


def test_a_file_for_canvas_has_its_two_header_rows_and_comes_back_as_it_was(run: Run) -> None:
    path = exports.export(run, "canvas")
    header, points, *lines = table(path)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Smoothing with NumPy"]
    assert points == ["    Points Possible", "", "", "", "", "27.5"]
    wanted = [[item.name, item.canvas_id, item.id, item.student, "A, B", "9.5"] for item in CLASS]
    assert sorted(lines) == sorted(wanted)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_assignments_number_in_canvas_stands_behind_its_title(run: Run) -> None:
    numbered = replace(run, assignment=replace(run.assignment, canvas_id=4711))
    assert table(exports.export(numbered, "canvas"))[0][5] == "Smoothing with NumPy (4711)"


def test_a_file_for_moodle_has_the_participants_number_and_comes_back_as_it_was(run: Run) -> None:
    header, *lines = table(exports.export(run, "moodle"))
    assert header[:5] == ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade"]
    assert header[5:] == ["Last modified (grade)"]
    wanted = [[f"Participant {item.moodle_id}", item.name, item.email, "9.5", "27.5", "-"] for item in CLASS]
    assert sorted(lines) == sorted(wanted)


def test_our_own_table_comes_back_as_it_was(run: Run) -> None:
    actual = {row["student"]: row for row in rows(run)}
    assert {item.student: (item.name, item.id, item.email, item.section) for item in CLASS} == {
        name: (row["name"], row["id"], row["email"], row["section"]) for name, row in actual.items()
    }


@pytest.mark.parametrize("name", ["csv", "canvas", "moodle"])
def test_no_cell_of_any_file_is_a_formula(run: Run, name: str) -> None:
    text = exports.export(run, name).read_bytes().decode("utf-8")
    for row in csv.reader(io.StringIO(text, newline=""), strict=True):
        assert not any(cell[:1] in tuple("=+@\t\r\n") for cell in row)
        assert not any(cell.startswith("-") and cell != "-" for cell in row)


def test_who_handed_nothing_in_has_an_empty_mark_and_never_a_zero(tmp_path: Path) -> None:
    run = run_of([submitted("s0")], CLASS[:2], tmp_path)
    ada, ben = rows(run)
    assert (ada["final"], ben["student"], ben["total"], ben["final"]) == ("9.5", "s1", "", "")
    assert ben["outcome"] == "no submission"
    assert [line[-1] for line in table(exports.export(run, "canvas"))[2:]] == ["9.5", ""]
    assert [line[3] for line in table(exports.export(run, "moodle"))[1:]] == ["9.5", ""]
    assert exports.remarks(run, "canvas") == ("1 student without a submission: s1.",)


def test_a_submission_of_nobody_is_in_our_table_and_in_no_import(tmp_path: Path) -> None:
    run = run_of([submitted("s0"), submitted("stranger")], CLASS[:1], tmp_path)
    stranger = rows(run)[1]
    assert (stranger["student"], stranger["total"], stranger["name"]) == ("stranger", "9.5", "")
    assert stranger["flags"] == "roster: matches no student"
    for name, row in (("canvas", 2), ("moodle", 1)):
        assert len(table(exports.export(run, name))[row:]) == 1
        output = exports.remarks(run, name)
        assert output[0] == "1 submission without a student: stranger (roster: matches no student)."
        assert output[1].startswith("Omitted because") and output[1].endswith(": stranger.")


def test_without_a_roster_the_platforms_own_number_is_enough_and_another_is_not(tmp_path: Path) -> None:
    results = [
        submitted("lovelaceada_1011", name="lovelaceada", ids={"canvas": "1011"}),
        submitted("Ada Lovelace_2011", name="Ada Lovelace", ids={"moodle": "2011"}),
    ]
    run = run_of(results, (), tmp_path)
    assert [line[:4] for line in table(exports.export(run, "canvas"))[2:]] == [
        ["lovelaceada", "1011", "", ""]
    ]
    assert [line[:2] for line in table(exports.export(run, "moodle"))[1:]] == [
        ["Participant 2011", "Ada Lovelace"]
    ]
    nobody = run_of([submitted("s0")], (), tmp_path)
    for name in ("canvas", "moodle"):
        with pytest.raises(StaffError, match="add a class list with --roster"):
            exports.export(nobody, name)


def test_each_member_of_a_group_gets_the_mark(tmp_path: Path) -> None:
    students = tuple(replace(item, group="Team 1") for item in CLASS[:2])
    group = submitted("Team 1_77", name="Team 1", ids={"moodle": "77"})
    run = run_of([group], students, tmp_path)
    assert [(row["student"], row["name"], row["final"]) for row in rows(run)] == [
        ("Team 1_77", "Lovelace, Ada", "9.5"),
        ("Team 1_77", 'Ben "Big" Ng', "9.5"),
    ]
    assert [line[0] for line in table(exports.export(run, "moodle"))[1:]] == [
        "Participant 2000",
        "Participant 2001",
    ]


def test_the_number_of_a_group_is_no_participants(tmp_path: Path) -> None:
    students = (replace(CLASS[0], moodle_id="", group="Team 1"),)
    run = run_of([submitted("Team 1_77", name="Team 1", ids={"moodle": "77"})], students, tmp_path)
    with pytest.raises(StaffError, match="moodle_id"):
        exports.export(run, "moodle")


def test_late_days_cost_what_the_policy_says_and_the_raw_total_stays(tmp_path: Path) -> None:
    students = (CLASS[0], CLASS[1], replace(CLASS[2], due="2027-02-20T00:00:00Z"), CLASS[3], CLASS[4])
    times = ("2027-02-13T00:14:00+00:00", "2027-02-14T23:59:01+00:00", "2027-02-19T12:00:00+00:00", "", "")
    results = [submitted(f"s{place}", submitted_at=time) for place, time in enumerate(times)]
    results[3] = replace(results[3], late_mark=True)
    run = run_of(results, students, tmp_path)
    columns = ("total", "late", "penalty", "final", "flags")
    assert [tuple(row[name] for name in columns) for row in rows(run)] == [
        ("9.5", "0", "0", "9.5", ""),
        ("9.5", "3", "2.85", "6.65", ""),
        ("9.5", "0", "0", "9.5", ""),
        ("9.5", "unknown", "", "9.5", "late by an unknown time"),
        ("9.5", "", "", "9.5", ""),
    ]
    assert [line[-1] for line in table(exports.export(run, "canvas"))[2:]] == [
        "9.5", "6.65", "9.5", "9.5", "9.5",
    ]  # fmt: skip
    assert exports.remarks(run, "canvas") == (
        "1 submission late by an unknown time, so no penalty is applied: s3.",
    )


def test_what_is_not_wholly_graded_is_empty_in_imports_and_said(tmp_path: Path) -> None:
    results = [submitted("s0", checks=checks_with_ungraded("q1-shape")), submitted("s1", manual={"q5": 8})]
    run = run_of(results, CLASS[:2], tmp_path)
    assert [line[-1] for line in table(exports.export(run, "canvas"))[2:]] == ["", "9.5"]
    assert exports.remarks(run, "canvas") == (
        "Empty because not everything is graded: s0.",
        "Without the points for manually graded questions: q5.",
    )


def test_pseudonyms_are_the_same_each_time_and_others_in_another_run(tmp_path: Path) -> None:
    results = [submitted(student.student) for student in CLASS]
    first = run_of(results, CLASS, tmp_path / "one")
    again, other = (load_run.anonymize(first) for _ in range(2))
    assert again == other
    names = {result.student for result in again.results}
    assert len(names) == len(CLASS)
    assert names.isdisjoint(
        result.student for result in load_run.anonymize(run_of(results, CLASS, tmp_path / "two")).results
    )
    key = tmp_path / "one" / load_run.KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert summary.dump_grades(again.marks).count(b"student-") == len(CLASS)


def test_who_has_two_submissions_has_no_mark_and_everybody_reads_why(tmp_path: Path) -> None:
    run = run_of([submitted("s0"), submitted("Ada Lovelace"), submitted("s1")], CLASS[:2], tmp_path)
    ada = next(row for row in rows(run) if row["id"] == "000")
    why = "several submissions match: s0, Ada Lovelace"
    assert (ada["final"], ada["outcome"], ada["flags"]) == ("", "", why)
    assert [line[3] for line in table(exports.export(run, "canvas"))[2:]] == ["s1"]
    assert f"1 student without a mark: s0 ({why})." in exports.remarks(run, "canvas")


def test_a_student_whom_a_person_must_settle_is_empty_in_imports(tmp_path: Path) -> None:
    results = [submitted("s0", checks=checks_with_review("q1-shape"), manual={}), submitted("s1", manual={})]
    run = run_of(results, CLASS[:2], tmp_path)
    assert [line[-1] for line in table(exports.export(run, "canvas"))[2:]] == ["", "9.5"]
    assert exports.remarks(run, "canvas") == ("Empty because a person must decide; see report.html: s0.",)
    settled = replace(results[0], staff_marks={"q1": StaffMark(5.5, "right")})
    run = run_of([settled, results[1]], CLASS[:2], tmp_path)
    assert [line[-1] for line in table(exports.export(run, "canvas"))[2:]] == ["12.5", "9.5"]
