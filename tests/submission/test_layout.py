"""Trees of files as they come: who the people are, packed and unpacked alike."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course import Assignment, load_course
from autograder.errors import StaffError
from autograder.report.roster import Student, finder
from autograder.submission import archives
from autograder.submission.discover import Intake, take_in
from tests.submission.conftest import LAB, ROOT, answered
from tests.submission.test_find import packed, written

ADA, BEN, CYD = map(answered, range(1, 4))
BLANK = (ROOT / "release" / LAB / "otter" / f"{LAB}.ipynb").read_bytes()
LIST = (
    Student("ada", name="Ada Lovelace"),
    Student("ben", name="Ng, Ben"),
    Student("cyd", file="final.ipynb"),
)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_course(ROOT).assignment(LAB)


def rows(intake: Intake) -> dict[str, str]:
    return {item.student: item.path for item in intake.submissions}


def both_ways(
    tmp_path: Path, files: Mapping[str, bytes], assignment: Assignment, roster: tuple[Student, ...] = ()
) -> Intake:
    """Take in files as a folder and as an archive, and return what is the same."""
    whose = finder(roster)
    folder = take_in([written(tmp_path / "class", files)], assignment, whose=whose)
    archive = written(tmp_path / "packed", {"class.zip": packed(files)}) / "class.zip"
    zipped = take_in([archive], assignment, whose=whose)
    assert rows(folder) == rows(zipped)
    labels = [(file.path, file.label) for file in folder.files]
    assert labels == [(file.path, file.label) for file in zipped.files if file.path != "class.zip"]
    return folder


TREES: dict[str, tuple[dict[str, bytes], dict[str, str]]] = {
    "a table next to the class": (
        {"marks.csv": b"1,2", "cls/ada.ipynb": ADA, "cls/ben.ipynb": BEN},
        {"ada": "cls/ada.ipynb", "ben": "cls/ben.ipynb"},
    ),
    "assignment before students": (
        {f"submitted/{LAB}/{name}/{LAB}.ipynb": ADA for name in ("ada", "ben")},
        {name: f"submitted/{LAB}/{name}/{LAB}.ipynb" for name in ("ada", "ben")},
    ),
    "one student so far": (
        {f"submitted/ada/{LAB}/{LAB}.ipynb": ADA, f"submitted/ada/{LAB}/timestamp.txt": b"2027-01-20"},
        {"ada": f"submitted/ada/{LAB}/{LAB}.ipynb"},
    ),
    "dates around students": (
        {f"2027-01-28/ada/{LAB}.ipynb": BLANK, f"2027-01-29/ben/{LAB}.ipynb": BEN},
        {"ada": f"2027-01-28/ada/{LAB}.ipynb", "ben": f"2027-01-29/ben/{LAB}.ipynb"},
    ),
    "attempts of a student": (
        {f"ada/v1/{LAB}.ipynb": ADA, f"ada/v2/{LAB}.ipynb": CYD, f"ben/{LAB}.ipynb": BEN},
        {"ada": f"ada/v2/{LAB}.ipynb", "ben": f"ben/{LAB}.ipynb"},
    ),
    "Teams": (
        {
            f"Submitted files/{name}/Lab 4.4/Version {number}/{LAB}.ipynb": answered(number)
            for name in ("Ada Lovelace", "Ben Ng")
            for number in (9, 10)
        },
        {
            name: f"Submitted files/{name}/Lab 4.4/Version 10/{LAB}.ipynb"
            for name in ("Ada Lovelace", "Ben Ng")
        },
    ),
    "a release among the students": (
        {f"ada/{LAB}.ipynb": ADA, f"ben/{LAB}.ipynb": BEN, "rnnlab/data.py": b"", "checks/answers.py": b""},
        {"ada": f"ada/{LAB}.ipynb", "ben": f"ben/{LAB}.ipynb"},
    ),
    "sections with different answers": (
        {
            f"mon/ada/{LAB}.ipynb": ADA,
            f"mon/ben/{LAB}.ipynb": BEN,
            f"tue/cyd/{LAB}.ipynb": CYD,
            f"tue/dot/{LAB}.ipynb": ADA,
        },
        {
            "ada": f"mon/ada/{LAB}.ipynb",
            "ben": f"mon/ben/{LAB}.ipynb",
            "cyd": f"tue/cyd/{LAB}.ipynb",
            "dot": f"tue/dot/{LAB}.ipynb",
        },
    ),
    "a file of another kind each": (
        {
            "ada/lab.ipynb": ADA,
            "ben/model.keras": b"PK\3\4",
            "cyd/notes.pdf": b"%PDF-1.7",
            "dot/answers": b"?",
        },
        {"ada": "ada/lab.ipynb", "ben": "ben/model.keras", "cyd": "cyd/notes.pdf", "dot": "dot/answers"},
    ),
    "the assignment's name in the students' file names": (
        {f"{LAB}_ada.ipynb": ADA, "Lab 4.4 - ben.ipynb": BEN, f"cyd-{LAB}.ipynb": CYD},
        {"ada": f"{LAB}_ada.ipynb", "ben": "Lab 4.4 - ben.ipynb", "cyd": f"cyd-{LAB}.ipynb"},
    ),
    "files that were sent by mail": (
        {"lab.ipynb": ADA, "lab (1).ipynb": BEN},
        {"lab": "lab.ipynb", "lab _1_": "lab (1).ipynb"},
    ),
    "one student's folder": (
        {f"{LAB}.ipynb": BLANK, f"{LAB} (1).ipynb": ADA, "old/lab.ipynb": BEN, "data/x.csv": b"1"},
        {"class": f"{LAB} (1).ipynb"},
    ),
    "sections as archives": (
        {
            "mon.zip": packed({f"{name}/{LAB}.ipynb": answered(len(name)) for name in ("ada", "benn")}),
            "tue.zip": packed({f"{name}/{LAB}.ipynb": answered(len(name)) for name in ("cyddd", "dottyy")}),
        },
        {
            "ada": f"mon.zip/ada/{LAB}.ipynb",
            "benn": f"mon.zip/benn/{LAB}.ipynb",
            "cyddd": f"tue.zip/cyddd/{LAB}.ipynb",
            "dottyy": f"tue.zip/dottyy/{LAB}.ipynb",
        },
    ),
    "GitHub Classroom": (
        {f"lab-4-4-rnn-submissions/lab-4-4-rnn-{name}/{LAB}.ipynb": ADA for name in ("ada", "ben-ng")},
        {name: f"lab-4-4-rnn-submissions/lab-4-4-rnn-{name}/{LAB}.ipynb" for name in ("ada", "ben-ng")},
    ),
    "Sakai": (
        {
            "Lab 4.4/grades.csv": b"x",
            f"Lab 4.4/Lovelace, Ada(ada)/Submission attachment(s)/{LAB}.ipynb": ADA,
            "Lab 4.4/Lovelace, Ada(ada)/timestamp.txt": b"20270129",
            "Lab 4.4/Ng, Ben(ben)/Submission attachment(s)/mine.ipynb": BEN,
        },
        {
            "ada": f"Lab 4.4/Lovelace, Ada(ada)/Submission attachment(s)/{LAB}.ipynb",
            "ben": "Lab 4.4/Ng, Ben(ben)/Submission attachment(s)/mine.ipynb",
        },
    ),
    "one file each": (
        {"ada.ipynb": ADA, "ben.Rmd": b"x", "cyd.xlsx": b"PK\3\4", "dot": b"?", "grades.csv": b"a"},
        {"ada": "ada.ipynb", "ben": "ben.Rmd", "cyd": "cyd.xlsx", "dot": "dot"},
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_a_tree_gives_the_same_rows_packed_and_unpacked(
    tmp_path: Path, assignment: Assignment, name: str
) -> None:
    files, expected = TREES[name]
    assert rows(both_ways(tmp_path, files, assignment)) == expected


@pytest.mark.parametrize("name", TREES)
def test_every_file_has_exactly_one_label(tmp_path: Path, assignment: Assignment, name: str) -> None:
    files, _ = TREES[name]
    intake = both_ways(tmp_path, files, assignment)
    inside = [file.path for file in intake.files if ".zip/" in file.path]
    assert sorted(file.path for file in intake.files) == sorted([*files, *inside])


def test_an_empty_folder_is_a_row(tmp_path: Path, assignment: Assignment) -> None:
    folder = written(tmp_path / "submitted", {f"ada/{LAB}/{LAB}.ipynb": ADA})
    (folder / "ben" / LAB).mkdir(parents=True)
    intake = take_in([folder], assignment)
    assert [item.student for item in intake.submissions] == ["ada", "ben"]
    assert "empty" in intake.submissions[1].problem
    assert len(intake.files) == 1


def test_the_class_list_says_who_people_are_in_folders_in_folders(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"mon/Ada Lovelace/{LAB}.ipynb": BLANK, f"mon/Ben Ng/{LAB}.ipynb": BLANK, "tue/final.ipynb": CYD}
    assert rows(both_ways(tmp_path, files, assignment, LIST)) == {
        "Ada Lovelace": f"mon/Ada Lovelace/{LAB}.ipynb",
        "Ben Ng": f"mon/Ben Ng/{LAB}.ipynb",
        "final": "tue/final.ipynb",
    }


def test_files_of_one_person_on_the_list_are_one_row(tmp_path: Path, assignment: Assignment) -> None:
    files = {"ada.ipynb": BLANK, "Ada Lovelace.ipynb": ADA, "ben.ipynb": BEN}
    intake = both_ways(tmp_path, files, assignment, LIST)
    assert list(rows(intake).values()) == ["Ada Lovelace.ipynb", "ben.ipynb"]


def test_a_student_cannot_hand_in_for_another(tmp_path: Path, assignment: Assignment) -> None:
    files = {
        "ada/lab.ipynb": ADA,
        "ben/lab.ipynb": BEN,
        "eve/ada.ipynb": CYD,
        "eve/lovelace_11_77_x.ipynb": CYD,
    }
    intake = both_ways(tmp_path, files, assignment, LIST)
    assert rows(intake)["ada"] == "ada/lab.ipynb"
    assert set(rows(intake)) == {"ada", "ben", "eve"}


def test_where_most_folders_may_hold_several_people_the_run_stops(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {}
    for section in ("mon", "tue", "wed"):
        for name in ("one", "two"):
            files[f"{section}/{section}{name}/{LAB}.ipynb"] = BLANK
    folder = written(tmp_path / "class", files)
    with pytest.raises(StaffError, match=r"3 of 3 folders .*--roster.*submission_pattern"):
        take_in([folder], assignment)


def test_a_folder_that_may_hold_several_people_is_one_row_and_said(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"{name}/{LAB}.ipynb": ADA for name in ("ada", "ben", "cyd", "dot")}
    files |= {f"eve/one/{LAB}.ipynb": ADA, f"eve/two/{LAB}.ipynb": BEN}
    intake = both_ways(tmp_path, files, assignment)
    assert len(intake.submissions) == 5
    assert "may contain the work of several students: one, two" in intake.submissions[4].flags[0]


def test_a_courses_own_pattern_decides(tmp_path: Path, assignment: Assignment) -> None:
    own = replace(assignment, submission_pattern=r"s\d+/(?P<student>[a-z]+)_(?P<attempt>\d+)/(?P<file>.*)")
    files = {f"s1/ada_{number}/{LAB}.ipynb": answered(number) for number in (2, 10)}
    files |= {f"s2/ben_1/{LAB}.ipynb": BEN}
    assert rows(both_ways(tmp_path, files, own)) == {
        "ada": f"s1/ada_10/{LAB}.ipynb",
        "ben": f"s2/ben_1/{LAB}.ipynb",
    }


FOLDERS = [
    "ada",
    "ADA",
    "Ada Lovelace",
    "class",
    "submitted",
    LAB,
    "old",
    "v2",
    "rnnlab",
    "mon",
    "__MACOSX",
    "Zoë",
]
FILES = [
    f"{LAB}.ipynb", f"{LAB} (1).ipynb", "lab.ipynb", "ada.ipynb", "ben.py", "notes.txt", "x.pdf", "marks.csv",
    "timestamp.txt", "submission_metadata.yml", ".DS_Store", "lovelaceada_1011_77001_lab.ipynb", "noend",
]  # fmt: skip
PATHS = st.tuples(st.lists(st.sampled_from(FOLDERS), max_size=3), st.sampled_from(FILES))
CONTENTS = st.sampled_from([ADA, BEN, b"", b"%PDF-1.7", b"x = 1", b"{}", b"a: b"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PATHS, CONTENTS), min_size=1, max_size=8))
def test_whatever_tree_arrives_every_file_has_a_label_and_nobody_another_ones_name(
    tmp_path_factory: pytest.TempPathFactory,
    assignment: Assignment,
    drawn: list[tuple[tuple[list[str], str], bytes]],
) -> None:
    files = {"/".join([*folders, name]): data for (folders, name), data in drawn}
    tmp_path = tmp_path_factory.mktemp("tree")
    for roster in ((), LIST):
        try:
            intake = both_ways(tmp_path, files, assignment, roster)
        except StaffError:  # no submission, or nobody can tell whose
            continue
        assert sorted(file.path for file in intake.files) == sorted(files)
        names = [submission.student.casefold() for submission in intake.submissions]
        assert len(set(names)) == len(names)


@pytest.mark.slow
def test_an_archive_of_twenty_thousand_files_is_listed_once(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed({f"class/student {number:05}/{LAB}.ipynb": ADA for number in range(20_000)})
    path = written(tmp_path, {"class.zip": data}) / "class.zip"
    listed, list_archive = [], archives.list_archive
    monkeypatch.setattr(archives, "list_archive", lambda entry: listed.append(entry) or list_archive(entry))
    intake = take_in([path], assignment)
    assert len(listed) == 1
    assert len(intake.submissions) == 20_000
