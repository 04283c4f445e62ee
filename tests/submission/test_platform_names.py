"""Whole classes as Canvas, Moodle, Gradescope and nbgrader give them: who, when, which attempt."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.course import Assignment, load_course
from autograder.submission.discover import StudentSubmission, find_submissions
from autograder.submission.names import Submitter
from tests.submission.conftest import LAB, ROOT, answered
from tests.submission.test_find import otter_export, packed, written

ADA, BEN, EVE, OLD = map(answered, range(4))

GRADESCOPE = """---
submission_456:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0011'
    :email: ada@example.org
  :created_at: 2027-01-29 23:59:30.789000000 Z
  :score: 1.0
  :history:
  - :id: 455
    :created_at: 2027-01-20 10:00:00.000000000 Z
    :score: 0.0
submission_457:
  :submitters:
  - :name: Ben Ng
    :sid: '0012'
    :email: ben@example.org
  - :name: Chloé Øst
    :sid:
    :email: chloe@example.org
  :created_at: 2027-01-28 08:00:00.000000000 -08:00
submission_458:
  :submitters: nonsense
  :created_at: 2027-01-28 08:00:00
"""
CLASSES: dict[str, Mapping[str, bytes]] = {
    "Canvas": {
        f"lovelaceada_1011_77001_{LAB}.ipynb": ADA,
        f"ngben_LATE_1012_77002_{LAB}-2.zip": otter_export(BEN),
        "øsbychloé_1013_77003_my work.ipynb": EVE,
    },
    "Moodle": {
        f"Ada Lovelace_2011_assignsubmission_file_/{LAB}.ipynb": ADA,
        "Ada Lovelace_2011_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file</p>",
        "Group A-Ben Ng_2012_assignsubmission_file_/my_lab_v2.ipynb": BEN,
        f"Chloé Øst_2013_assignsubmission_file/deep/{LAB}.ipynb": EVE,
    },
    "Moodle, flat": {
        f"Ada Lovelace_2011_assignsubmission_file_{LAB}.ipynb": ADA,
        f"Group A-Ben Ng_2012_assignsubmission_file_{LAB}.zip": otter_export(BEN),
        "Chloé Øst_2013_assignsubmission_file_my_lab.ipynb": EVE,
    },
    "Gradescope": {
        "assignment_99_export/submission_metadata.yml": GRADESCOPE.encode(),
        f"assignment_99_export/submission_456/{LAB}.ipynb": ADA,
        "assignment_99_export/submission_457/work.ipynb": BEN,
        f"assignment_99_export/submission_458/{LAB}.ipynb": EVE,
    },
}
SENDERS = {
    "Canvas": {
        "lovelaceada_1011": Submitter("lovelaceada_1011", "lovelaceada", {"canvas": "1011"}),
        "ngben_1012": Submitter("ngben_1012", "ngben", {"canvas": "1012"}, late_mark=True),
        "øsbychloé_1013": Submitter("øsbychloé_1013", "øsbychloé", {"canvas": "1013"}),
    },
    "Moodle": {
        "Ada Lovelace_2011": Submitter("Ada Lovelace_2011", "Ada Lovelace", {"moodle": "2011"}),
        "Chloé Øst_2013": Submitter("Chloé Øst_2013", "Chloé Øst", {"moodle": "2013"}),
        "Group A-Ben Ng_2012": Submitter("Group A-Ben Ng_2012", "Group A-Ben Ng", {"moodle": "2012"}),
    },
    "Gradescope": {
        "Ada Lovelace_0011": Submitter(
            "Ada Lovelace_0011",
            "Ada Lovelace",
            {"id": "0011", "email": "ada@example.org"},
            "2027-01-29T23:59:30.789000+00:00",
        ),
        "Ben Ng_0012": Submitter(
            "Ben Ng_0012",
            "Ben Ng",
            {"id": "0012", "email": "ben@example.org"},
            "2027-01-28T08:00:00-08:00",
            members=("Ben Ng", "Chloé Øst"),
        ),
        "Chloé Øst_457": Submitter(
            "Chloé Øst_457",
            "Chloé Øst",
            {"email": "chloe@example.org"},
            "2027-01-28T08:00:00-08:00",
            members=("Ben Ng", "Chloé Øst"),
        ),
        "submission_458": Submitter("submission_458"),
    },
}
SENDERS["Moodle, flat"] = SENDERS["Moodle"]


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_course(ROOT).assignment(LAB)


def senders(found: list[StudentSubmission]) -> dict[str, Submitter]:
    return {item.student: item.submitter for item in found}


@pytest.mark.parametrize("form", CLASSES)
@pytest.mark.parametrize("as_archive", [True, False])
def test_a_whole_class_of_a_platform(
    tmp_path: Path, assignment: Assignment, form: str, as_archive: bool
) -> None:
    if as_archive:
        path = written(tmp_path, {"class.zip": packed(CLASSES[form])}) / "class.zip"
    else:
        path = written(tmp_path, CLASSES[form]) / ("assignment_99_export" if form == "Gradescope" else "")
    actual = find_submissions([path], assignment)
    assert senders(actual) == SENDERS[form]
    wanted = [ADA, BEN, BEN, EVE] if form == "Gradescope" else [ADA, BEN, EVE]
    assert sorted(item.data or b"" for item in actual) == sorted(wanted)


def test_a_group_is_found_once_for_each_member_with_the_same_file(
    tmp_path: Path, assignment: Assignment
) -> None:
    path = written(tmp_path, {"class.zip": packed(CLASSES["Gradescope"])}) / "class.zip"
    ben, chloe = (
        submission for submission in find_submissions([path], assignment) if submission.submitter.members
    )
    assert ben.entry == chloe.entry


def test_two_members_of_a_group_with_one_name_are_two(tmp_path: Path, assignment: Assignment) -> None:
    member = b"  - :name: Ada Ng\n    :sid:\n    :email: %s@example.org\n"
    metadata = b"submission_7:\n  :submitters:\n" + member % b"a" + member % b"b"
    files = {"submission_metadata.yml": metadata, f"submission_7/{LAB}.ipynb": ADA}
    first, second = find_submissions([written(tmp_path, files)], assignment)
    assert first.entry == second.entry
    assert first.student != second.student
    assert {first.submitter.ids["email"][0], second.submitter.ids["email"][0]} == {"a", "b"}


def test_of_several_attempts_the_last_counts_and_the_others_are_named(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {
        f"lovelaceada_1011_77001_{LAB}.ipynb": OLD,
        f"lovelaceada_LATE_1011_77040_{LAB}-10.ipynb": ADA,
        f"lovelaceada_1011_77050_{LAB}-2.ipynb": OLD,
        f"lovelaceada_1011_77060_{LAB}-2.ipynb": BEN,
    }
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert (actual.data, actual.submitter.late_mark) == (ADA, True)
    assert actual.repairs == (
        f"4 files were submitted; lovelaceada_LATE_1011_77040_{LAB}-10.ipynb was graded, not "
        f"lovelaceada_1011_77060_{LAB}-2.ipynb (an earlier attempt), "
        f"lovelaceada_1011_77050_{LAB}-2.ipynb (an earlier attempt), "
        f"lovelaceada_1011_77001_{LAB}.ipynb (an earlier attempt).",
    )
    assert actual.flags == ()


def test_an_attempt_before_the_late_one_does_not_make_it_in_time_nor_the_other_way_round(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"a_LATE_11_77_{LAB}.ipynb": OLD, f"a_11_78_{LAB}-1.ipynb": ADA}
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert (actual.data, actual.submitter.late_mark) == (ADA, False)


def test_of_two_downloads_the_later_attempt_counts(tmp_path: Path, assignment: Assignment) -> None:
    first = written(tmp_path / "monday", {f"lovelaceada_1011_77001_{LAB}.ipynb": OLD})
    second = written(tmp_path / "friday", {f"lovelaceada_1011_77100_{LAB}-1.ipynb": ADA})
    for paths in ([first, second], [second, first]):
        (actual,) = find_submissions(paths, assignment)
        assert (actual.student, actual.data) == ("lovelaceada_1011", ADA)


def test_files_of_other_names_in_one_submission_are_no_attempts(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"ada_11_90_{LAB}.ipynb": ADA, "ada_11_95_notes.ipynb": OLD}
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert actual.data == ADA
    assert "2 files were submitted" in actual.repairs[0]


def test_anonymous_submissions_of_canvas_have_no_number(tmp_path: Path, assignment: Assignment) -> None:
    files = {"anon_x7Kp2_77001_lab.ipynb": ADA, "LATE_anon_12345_77002_lab.ipynb": BEN}
    actual = find_submissions([written(tmp_path, files)], assignment)
    assert senders(actual) == {
        "anon_12345": Submitter("anon_12345", late_mark=True),
        "anon_x7Kp2": Submitter("anon_x7Kp2"),
    }


@pytest.mark.parametrize(
    "name", [f"{LAB}_2027_01_20T10_11_12_131415.zip", "homework_2027_01_20T10_11_12_131415.zip"]
)
def test_the_name_of_an_export_by_otter_is_nobodys_number(
    tmp_path: Path, assignment: Assignment, name: str
) -> None:
    (actual,) = find_submissions([written(tmp_path, {name: otter_export(ADA)}) / name], assignment)
    assert actual.submitter == Submitter(name[:-4], ids={"student": name[:-4]})


@pytest.mark.parametrize(
    ("stamp", "submitted"),
    [
        (b"2027-01-29 23:59:08.948203 UTC", "2027-01-29T23:59:08.948203+00:00"),
        (b"2027-01-29 23:59:08.948203\n", "2027-01-29T23:59:08.948203+00:00"),
        (b"2027-01-29 23:59:08.948203 America/New_York", "2027-01-29T23:59:08.948203-05:00"),
        (b"2027-01-29 23:59:08.948203 CST", ""),
        (b"\xff\x00", ""),
    ],
)
def test_nbgraders_stamp_says_when(
    tmp_path: Path, assignment: Assignment, stamp: bytes, submitted: str
) -> None:
    files = {
        f"submitted/ada/{LAB}/{LAB}.ipynb": ADA,
        f"submitted/ada/{LAB}/data/timestamp.txt": b"2027-01-01 00:00:00 UTC",  # a student's own
        f"submitted/ada/{LAB}/timestamp.txt": stamp,
    }
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert actual.submitter == Submitter("ada", ids={"student": "ada"}, submitted_at=submitted)


def test_a_stamp_that_a_student_packs_says_nothing(tmp_path: Path, assignment: Assignment) -> None:
    files = {
        f"{LAB}.ipynb": ADA,
        "timestamp.txt": b"2027-01-01 00:00:00 UTC",
        "submission_metadata.yml": b"{}",
    }
    written(tmp_path, {"class/ada.zip": packed(files), "class/ben/timestamp.txt": files["timestamp.txt"]})
    assert {
        submission.submitter.submitted_at for submission in find_submissions([tmp_path / "class"], assignment)
    } == {""}


@pytest.mark.parametrize(
    "metadata", [b"\xff", b"a: b: c", b"[1, 2]", b"submission_456: !!python/name:os.system", b""]
)
def test_metadata_that_cannot_be_read_cost_nobody_anything(
    tmp_path: Path, assignment: Assignment, metadata: bytes
) -> None:
    files = {"submission_metadata.yml": metadata, f"submission_456/{LAB}.ipynb": ADA}
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert (actual.submitter, actual.data) == (Submitter("submission_456"), ADA)
