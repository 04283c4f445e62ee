"""The class as a file lists it, and whose each submission is."""

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.engine.results import Result
from autograder.errors import StaffError
from autograder.report import roster
from autograder.report.marks import match
from autograder.report.roster import Roster, Student, finder, parse
from tests.support.sample_results import result_for

ADA = Student("ada1", "0011", "Lovelace, Ada", "ada@example.org", "A", "1011", "2011")
BEN = Student("ben2", "0012", "Ben Ng", "ben@example.org", "A", "1012", "2012", "Group A")
CHLOE = Student("chl3", "0013", "Chloé Øst", "chloe@example.org", "B", "1013", "2013", "Group A")
CLASS = (ADA, BEN, CHLOE)


def parsed(text: str | bytes) -> Roster:
    return roster.parse(text.encode() if isinstance(text, str) else text, "class.csv")


@pytest.mark.parametrize(
    "data",
    [
        "student,name,moodle_id\nada1,\"Lovelace, Ada\",7\nben2,Ng,\n",
        "\ufeffstudent;name;moodle_id\r\nada1;Lovelace, Ada;Participant 7\r\n\r\nben2;Ng;\r\n",
        "STUDENT\tName\tmoodle_id\nada1\tLovelace, Ada\t7\nben2\tNg\t",
        'name,"student",moodle_id\n"Lovelace, Ada", ada1 ,7\n,,\nNg,ben2,',
    ],
)  # fmt: skip
def test_a_class_is_read_however_it_is_spelt(data: str) -> None:
    assert parsed(data) == (Student("ada1", name="Lovelace, Ada", moodle_id="7"), Student("ben2", name="Ng"))


@pytest.mark.parametrize(
    "name", ["Two\nLines", 'Ada "Countess" L', "=SUM(A1)", "O'Neil; Ana", " 李雷", "e\u0301"]
)
def test_any_name_survives(name: str) -> None:
    students = (Student("ada1", "0011", name, due="2027-02-05 23:59 Europe/Berlin"), Student("ben2"))
    assert roster.parse(roster.dump(students), "x") == students


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; the first line must name the columns"),
        ("studnet,name\na,b\n", "class.csv:1: unknown column 'studnet'; did you mean 'student'?"),
        ("student,zzz\na,b\n", "class.csv:1: unknown column 'zzz'; use one of: student, id"),
        ("student,student\na,b\n", "class.csv:1: column 'student' appears twice"),
        ("section,due\nA,\n", "class.csv:1: no column identifies the students"),
        ("student,name\nada\n", "class.csv:2: found 1 cells under 2 columns"),
        ("student,name\nada,\"x\ny\"\nben,b,c\n", "class.csv:4: found 3 cells under 2 columns"),
        ("student,section\n,A\n", "class.csv:2: no student identifier in this row"),
        ("student,id\nada,1\nben,2\nAda,3\n", "class.csv:4: student or id 'ada' is also in line 2"),
        ("student,id\nada,1\n1,2\n", "class.csv:3: student or id '1' is also in line 2"),
        ("student,email\na,x@y.z\nb,X@y.z\n", "class.csv:3: email 'x@y.z' is also in line 2"),
        ("student,canvas_id\nada,12a\n", "class.csv:2: canvas_id '12a' is not a number"),
        ("student,due\nada,2027-02-05 23:59\n", "class.csv:2: due '2027-02-05 23:59' is not a date and time"),
        ("id\n=1+1\n", "class.csv:2: id '=1+1' would be a formula"),
        ('student\n"ada\n', "class.csv: is not a CSV file"),
        (b"student\n\xff\n", "class.csv: is not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_with_its_line(text: str | bytes, sentence: str) -> None:
    with pytest.raises(StaffError) as raised:
        parsed(text)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_all_wrong_lines_are_reported_at_once() -> None:
    text = "student,canvas_id,due\nada,12a,soon\nben\ncleo,7,\ndan,7,\n"
    with pytest.raises(StaffError) as raised:
        parsed(text)
    lines = [sentence.split(": ")[0] for sentence in str(raised.value).splitlines()]
    assert lines == ["class.csv:2", "class.csv:2", "class.csv:3", "class.csv:5"]


def test_a_run_keeps_its_class(tmp_path: Path) -> None:
    given = tmp_path / "class.csv"
    given.write_text("student\nada1\n")
    out = tmp_path / "out"
    assert roster.load_or_store(out, None) == ()
    assert roster.load_or_store(out, given) == roster.load_or_store(out, None) == (Student("ada1"),)
    assert roster.load_or_store(out, out / roster.NAME) == (Student("ada1"),)
    assert (out / roster.NAME).stat().st_mode & 0o777 == 0o600


def plain(name: str) -> Result:
    return result_for(name, ids={"student": name})


@pytest.mark.parametrize(
    ("result", "student"),
    [
        (result_for("x", name="lovelaceada", ids={"canvas": "1011"}), ADA),
        (result_for("x", name="lovelaceada", ids={"canvas": "999"}), None),
        (result_for("x", name="lovelaceada", ids={"moodle": "999"}), None),
        (result_for("x", name="adalovelace", ids={}), ADA),
        (result_for("x", name="Ada Lovelace", ids={"moodle": "2011"}), ADA),
        (result_for("x", name="Ada King", ids={"moodle": "2011"}), ADA),
        (result_for("x", name="Group 7-Ada Lovelace", ids={"moodle": "2011"}), ADA),
        (result_for("x", name="Group 7-Ada Lovelace", ids={"canvas": "1011"}), ADA),
        (result_for("x", name="Group 7-Ada Lovelace", ids={}), ADA),
        (result_for("x", name="A. L.", ids={"id": "0011", "email": "ada@example.org"}), ADA),
        (result_for("x", name="Anything", ids={"email": "ADA@example.org"}), ADA),
        (plain("ADA1"), ADA),
        (plain("0011"), ADA),
        (plain("ada@example.org"), ADA),
        (plain("Ada Lovelace"), ADA),
        (plain("lovelace_ada"), ADA),
        (plain("chloe\u0301 øst"), CHLOE),
        (plain("ada"), None),
        (plain("ada1-2"), None),
        (plain("ada1 (copy)"), None),
    ],
)
def test_a_submission_finds_its_student_or_nobody(result: Result, student: Student | None) -> None:
    students, why = match([result], CLASS)[0][result.student]
    assert students == ((student,) if student else ())
    assert bool(why) == (student is None)


@pytest.mark.parametrize(
    ("result", "students", "why"),
    [
        (
            result_for("x", name="Zoe Zed", ids={"moodle": "2011"}),
            CLASS,
            "has the id of ada1 but another name",
        ),
        (result_for("x", ids={"id": "0011", "email": "ben@example.org"}), CLASS, "matches ada1 and ben2 by"),
        (plain("Ben Ng"), (*CLASS, Student("other", name="Ng, Ben")), "matches ben2 and other"),
        (plain("group a"), (*CLASS, Student("g", name="Group A")), ""),
        (
            result_for("x", name="Group A", ids={}),
            (*CLASS, Student("g", name="Group A")),
            "a group and a student",
        ),
    ],
)  # fmt: skip
def test_where_two_fit_nobody_is_taken(result: Result, students: Roster, why: str) -> None:
    actual, output = match([result], students)[0][result.student]
    assert (len(actual), output) == (2, "") if not why else (0, output)
    assert output.startswith(why)


def test_a_group_has_all_its_members_and_its_number_is_nobodys() -> None:
    group = result_for(
        "x", name="Group A", ids={"moodle": "2011"}
    )  # 2011 is the group's here, and Ada's elsewhere
    assert match([group], CLASS)[0]["x"] == ((BEN, CHLOE), "")


def test_in_blind_marking_the_number_decides_for_all_bear_one_name() -> None:
    results = [
        result_for(number, name="Teilnehmer/in", ids={"moodle": number}) for number in ("2011", "2012")
    ]
    actual = match(results, (ADA, replace(BEN, group="")))[0]
    assert [students[0].student for students, _ in actual.values()] == ["ada1", "ben2"]


def test_a_student_whom_two_submissions_fit_is_taken_from_both() -> None:
    results = [plain("ada1"), result_for("Ada Lovelace", ids={"student": "Ada Lovelace"}), plain("ben2")]
    matches, conflicts = match(results, CLASS)
    assert matches["ada1"] == ((), "matches ada1, as do others: ada1, Ada Lovelace")
    assert matches["Ada Lovelace"][0] == ()
    assert matches["ben2"] == ((BEN,), "")
    assert conflicts == {ADA: "ada1, Ada Lovelace"}


def test_a_member_with_a_submission_of_the_own_costs_the_group_nothing() -> None:
    results = [result_for("team", name="Group A", ids={}), plain("ben2")]
    matches, conflicts = match(results, CLASS)
    assert matches["team"] == ((CHLOE,), "")
    assert matches["ben2"][0] == ()
    assert conflicts == {BEN: "team, ben2"}


EXPORTS = {
    "Canvas": (
        "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Lab 4.4 (4711)\n"
        '"    Points Possible",,,,,100\n"Lovelace, Ada",1011,S1,ada,DL-1,7\n"Student, Test",99,,3c4f,DL-1,\n',
        Student("ada", id="S1", name="Lovelace, Ada", section="DL-1", canvas_id="1011"),
    ),
    "Moodle's worksheet": (
        "Identifier,Full name,Email address,Status,Grade\nParticipant 2011,Ada Lovelace,a@x.edu,Submitted,\n",
        Student(name="Ada Lovelace", email="a@x.edu", moodle_id="2011"),
    ),
    "Moodle's participants": (
        'First name,Last name,"ID number","Email address"\nAda,Lovelace,S1,a@x.edu\n',
        Student(id="S1", name="Ada Lovelace", email="a@x.edu"),
    ),
    "GitHub Classroom": (
        '"identifier","github_username","github_id","name"\n"Lovelace, Ada","ada","12345","countess"\n',
        Student("ada", name="Lovelace, Ada"),
    ),
    "GitHub Classroom by e-mail": (
        "identifier,github_username,github_id,name\na@x.edu,,,\n",
        Student(email="a@x.edu"),
    ),
    "nbgrader": (
        "id,first_name,last_name,email\nada,Ada,Lovelace,a@x.edu\n",
        Student("ada", name="Ada Lovelace", email="a@x.edu"),
    ),
    "Gradescope": (
        "First Name,Last Name,SID,Email,Sections\nAda,Lovelace,S1,a@x.edu,DL-1\n",
        Student(id="S1", name="Ada Lovelace", email="a@x.edu", section="DL-1"),
    ),
    "sep=": ("\ufeffsep=;\r\nstudent;name\r\nada;Ada Lovelace\r\n", Student("ada", name="Ada Lovelace")),
    "empty columns": ("Student,E-Mail,,\r\nada,a@x.edu,,\r\n,,,\r\n", Student("ada", email="a@x.edu")),
    "a row twice": ("student\nada\nada\n", Student("ada")),
}


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_is_read_as_other_systems_and_excel_write_it(name: str, encoding: str) -> None:
    text, student = EXPORTS[name]
    assert parse(
        text.encode(encoding) if encoding == "utf-8" else text.lstrip("\ufeff").encode(encoding), "x"
    ) == (student,)


def test_a_number_that_excel_shortened_is_refused() -> None:
    with pytest.raises(StaffError, match=r"x:2: id '1.23457E\+11' was shortened by a spreadsheet"):
        parse(b"student,id\nada,1.23457E+11\n", "x")


def test_lines_are_counted_also_below_the_line_for_excel() -> None:
    with pytest.raises(StaffError, match="x:4: canvas_id 'q' is not a number"):
        parse(b"sep=,\nstudent,canvas_id\nada,1\nben,q\n", "x")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ada", 0),
        ("Ada Lovelace", 0),
        ("lovelaceada", 0),
        ("B@X.edu", 1),
        ("Group A", None),
        ("team.zip", 1),
        ("team", 1),
    ],
)
def test_a_name_finds_one_student_on_the_list(name: str, place: int | None) -> None:
    students = (
        Student("ada", name="Lovelace, Ada", group="Group A"),
        Student("ben", name="Ng, Ben", email="b@x.edu", file="team.zip"),
    )
    expected = "group group a" if place is None else f"student {place}"
    assert finder(students)(name) == expected


def test_a_name_that_two_students_have_finds_nobody() -> None:
    assert finder((Student("a", name="Ada Ng"), Student("b", name="Ng, Ada")))("Ada Ng") == ""
    assert finder((Student("a", name="Ada Ng"),))("") == ""
