import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from autograder.course import Assignment, load_course
from autograder.errors import StaffError
from autograder.submission.archives import MAX_MEMBERS
from autograder.submission.discover import StudentSubmission, find_submissions, take_in
from tests.submission.conftest import LAB, ROOT, answered

NOTEBOOK, OTHER = answered(1), answered(2)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_course(ROOT).assignment(LAB)


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def otter_export(data: bytes, name: str = f"{LAB}.ipynb") -> bytes:
    """What ``grader.export(pdf=False)`` writes: the notebook, the log and its own name."""
    zip_name = f"{name[:-6]}_2027_01_20T10_11_12_131415.zip"
    return packed({name: data, ".OTTER_LOG": b"\x80\x05", "__zip_filename__": zip_name.encode()})


def students(found: list[StudentSubmission]) -> dict[str, bytes | None]:
    return {item.student: item.data for item in found}


def test_a_file_is_its_students(tmp_path: Path, assignment: Assignment) -> None:
    written(tmp_path, {"ada.ipynb": NOTEBOOK, "ben.py": b"x = 1", "cy.zip": packed({"a/b/lab.ipynb": OTHER})})
    actual = find_submissions([tmp_path / name for name in ("cy.zip", "ada.ipynb", "ben.py")], assignment)
    assert students(actual) == {"ada": NOTEBOOK, "ben": b"x = 1", "cy": OTHER}
    assert [item.path for item in actual] == ["ada.ipynb", "ben.py", "a/b/lab.ipynb"]


def test_a_folder_has_a_student_per_file_and_per_subfolder(tmp_path: Path, assignment: Assignment) -> None:
    files = {
        "ada.ipynb": NOTEBOOK,
        "Ben Ng/work/my lab.ipynb": OTHER,
        "cy.zip": otter_export(NOTEBOOK),
        "dot/export.zip": otter_export(OTHER),
        ".ipynb_checkpoints/ada-checkpoint.ipynb": OTHER,
        "__MACOSX/._ada.ipynb": b"\0\5\x16\7",
        "README.txt": b"the class of 2027",
        "grades.csv": b"a,b",
    }
    actual = find_submissions([written(tmp_path / "class", files)], assignment)
    assert students(actual) == {
        "ada": NOTEBOOK,
        "Ben Ng": OTHER,
        "cy": NOTEBOOK,
        "dot": OTHER,
        "README": None,
    }


@pytest.mark.parametrize("path", ["course", "course/submitted"])
def test_the_tree_of_nbgrader(tmp_path: Path, assignment: Assignment, path: str) -> None:
    files = {
        f"course/submitted/ada/{LAB}/{LAB}.ipynb": NOTEBOOK,
        f"course/submitted/ada/{LAB}/timestamp.txt": b"2027-01-20",
        "course/submitted/ada/lab_4_3/lab_4_3.ipynb": OTHER,
        f"course/submitted/ben/{LAB}/renamed.ipynb": OTHER,
        "course/submitted/cy/lab_4_3/lab_4_3.ipynb": OTHER,
        f"course/source/{LAB}/{LAB}.ipynb": OTHER,
    }
    actual = find_submissions([written(tmp_path, files) / path], assignment)
    assert students(actual) == {"ada": NOTEBOOK, "ben": OTHER}


def test_files_that_are_named_one_by_one_take_the_name_of_their_folder(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"submitted/{name}/{LAB}/{LAB}.ipynb": name.encode() + b" = 1" for name in ("ada", "ben")}
    written(tmp_path, files)
    actual = find_submissions([tmp_path / name for name in files], assignment)
    assert students(actual) == {"ada": b"ada = 1", "ben": b"ben = 1"}


def test_a_folder_as_it_was_released_is_one_student(tmp_path: Path, assignment: Assignment) -> None:
    for flavor in ("otter", "nbgrader"):
        release = ROOT / "release" / LAB / flavor
        (actual,) = find_submissions([release], assignment)
        assert actual.student == flavor
        assert actual.data == (release / f"{LAB}.ipynb").read_bytes()
    stored = {path.relative_to(release).as_posix(): path.read_bytes() for path in release.rglob("*.*")}
    folder = written(tmp_path / "class", {f"ada/{name}": data for name, data in stored.items()})
    assert list(students(find_submissions([folder], assignment))) == ["ada"]


CLASSES: dict[str, Mapping[str, bytes]] = {
    "folders": {"ada_11/lab.ipynb": NOTEBOOK, "ben_12/lab.ipynb": OTHER},
    "files": {"ada_11.ipynb": NOTEBOOK, "ben_12.ipynb": OTHER},
    "a folder around": {"lab/ada_11/lab.ipynb": NOTEBOOK, "lab/ben_12/x/lab.ipynb": OTHER},
    "Moodle": {
        f"ada_11_assignsubmission_file_/{LAB}.ipynb": NOTEBOOK,
        f"ben_12_assignsubmission_file_/{LAB}.zip": otter_export(OTHER),
    },
    "Moodle, flat": {
        f"ada_11_assignsubmission_file_{LAB}.ipynb": NOTEBOOK,
        "ben_12_assignsubmission_file_lab.ipynb": OTHER,
    },
    "Canvas": {f"ada_11_77_{LAB}.ipynb": NOTEBOOK, f"ben_LATE_12_78_{LAB}-1.zip": otter_export(OTHER)},
    "archives": {"ada_11.zip": otter_export(NOTEBOOK), "ben_12.zip": packed({"x/y/my.ipynb": OTHER})},
}


@pytest.mark.parametrize("form", CLASSES)
@pytest.mark.parametrize("as_archive", [True, False])
def test_a_class_as_learning_systems_give_it(
    tmp_path: Path, assignment: Assignment, form: str, as_archive: bool
) -> None:
    if as_archive:
        path = written(tmp_path, {"class.zip": packed(CLASSES[form])}) / "class.zip"
    else:
        path = written(tmp_path, CLASSES[form]) / ("lab" if form == "a folder around" else "")
    assert students(find_submissions([path], assignment)) == {"ada_11": NOTEBOOK, "ben_12": OTHER}


@pytest.mark.parametrize(
    "files",
    [
        {"lab.ipynb": NOTEBOOK, "data.csv": b"1,2"},
        {f"work/src/{LAB}.ipynb": NOTEBOOK, "work/notes.pdf": b"%PDF-1.7"},
        {f"{LAB}.ipynb": NOTEBOOK, "Untitled.ipynb": OTHER},
        {
            f"w/{LAB}.ipynb": NOTEBOOK,
            "w/checks/answers.py": b"",
            "w/rnnlab/__init__.py": b"",
            "w/tests/q1.py": b"",
        },
        {"mine.ipynb": NOTEBOOK, "checks/answers.py": b"", "first try.ipynb": b""},
        {"mine.ipynb": NOTEBOOK, "checks.py": b"", "first try.ipynb": b""},
        {f"{LAB}.ipynb": NOTEBOOK, "__MACOSX/._x.ipynb": b"\0"},
        {"inner.zip": packed({"a/lab.ipynb": NOTEBOOK})},
    ],
)
def test_an_archive_of_one_student(tmp_path: Path, assignment: Assignment, files: dict[str, bytes]) -> None:
    (actual,) = find_submissions([written(tmp_path, {"ada.zip": packed(files)}) / "ada.zip"], assignment)
    assert (actual.student, actual.data) == ("ada", NOTEBOOK)


@pytest.mark.parametrize("name", ["checks.py", "rnnlab.py", "checks/answers.py", "rnnlab/data.py"])
def test_a_module_that_a_release_ships_or_shipped_is_not_the_students_work(
    tmp_path: Path, assignment: Assignment, name: str
) -> None:
    folder = written(
        tmp_path, {f"ada/{name}": b"x = 1", "ada/notes.txt": b"see you", "ben/mine.py": b"y = 2"}
    )
    ada, ben = find_submissions([folder], assignment)
    assert (ada.data, ada.problem) == (None, "This is not a notebook; submit the notebook file (.ipynb).")
    assert ben.data == b"y = 2"


def test_a_table_above_the_folders_of_a_class_is_nobodys(tmp_path: Path, assignment: Assignment) -> None:
    files = {
        "grades.csv": b"a,b",
        "lab/ada_11/lab.ipynb": NOTEBOOK,
        "lab/ben_12/lab.ipynb": OTHER,
        "lab/desktop.ini": b"",
    }
    path = written(tmp_path, {"class.zip": packed(files)}) / "class.zip"
    assert students(find_submissions([path], assignment)) == {"ada_11": NOTEBOOK, "ben_12": OTHER}


def test_of_two_notebooks_the_one_with_the_assignments_name_is_graded(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {"ada/Untitled.ipynb": OTHER, f"ada/{LAB}.ipynb": NOTEBOOK, "ada/copy.py": b"x = 1"}
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert actual.data == NOTEBOOK
    graded = f"3 files were submitted; ada/{LAB}.ipynb was graded, not ada/Untitled.ipynb, ada/copy.py"
    assert actual.repairs == (f"{graded} (of another assignment).",)
    assert "other files have different answers" in actual.flags[0]


def test_of_notebooks_without_that_name_the_assignments_and_then_the_answered_one_is_graded(
    tmp_path: Path, assignment: Assignment
) -> None:
    released = (ROOT / "release" / LAB / "nbgrader" / f"{LAB}.ipynb").read_bytes()
    raw = json.loads(released)
    del raw["metadata"]["course"]
    foreign = b'{"cells": [1], "nbformat": 4}'
    files = {"ada/a.ipynb": foreign, "ada/b.ipynb": json.dumps(raw).encode(), "ben/lab.ipynb": NOTEBOOK}
    ada, _ = find_submissions([written(tmp_path, files)], assignment)
    assert ada.path == "ada/b.ipynb"
    (tmp_path / "ada" / "c.ipynb").write_bytes(OTHER)
    ada, _ = find_submissions([tmp_path], assignment)
    assert (ada.path, ada.flags) == ("ada/c.ipynb", ())


def test_a_notebook_that_can_be_read_goes_before_one_that_cannot(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {f"ada/{LAB}.ipynb": b"", "ada/backup.ipynb": NOTEBOOK}
    (actual,) = find_submissions([written(tmp_path, files)], assignment)
    assert (actual.data, actual.problem) == (NOTEBOOK, "")


PROBLEMS: dict[str, tuple[str, bytes, str]] = {
    "a PDF": ("ada.pdf", b"%PDF-1.7", "a PDF"),
    "a PDF with another name": ("ada.ipynb", b"%PDF-1.7", "a PDF"),
    "0 bytes": ("ada.ipynb", b"", "empty"),
    "zeros": ("ada.ipynb", b"\0" * 4096, "whitespace"),
    "a text": ("ada.docx", b"PK\3\4", "office document"),
    "no archive": ("ada.zip", b"PK\3\4 and nothing", "damaged"),
    "half an archive": ("ada.zip", packed({"lab.ipynb": NOTEBOOK})[:60], "damaged"),
    "nothing useful": ("ada/data.csv", b"1,2", "No notebook"),
    "an empty archive": ("ada.zip", packed({}), "No notebook"),
    "only data in it": ("ada.zip", packed({"data.csv": b"1"}), "No notebook"),
    "three archives": (
        "ada.zip",
        packed({"b.zip": packed({"c.zip": packed({"lab.ipynb": NOTEBOOK})})}),
        "nested too deeply",
    ),
    "up and out": ("ada.zip", packed({"../../lab.ipynb": NOTEBOOK}), "leads out"),
    "from the root": ("ada.zip", packed({"/etc/lab.ipynb": NOTEBOOK}), "leads out"),
    "a drive": ("ada.zip", packed({"C:\\lab.ipynb": NOTEBOOK}), "leads out"),
    "odd packing": ("ada.zip", packed({"lab.ipynb": NOTEBOOK}, zipfile.ZIP_LZMA), "unusual way"),
    "many files": ("ada.zip", packed(dict.fromkeys(map(str, range(MAX_MEMBERS + 1)), b"")), "too much"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_graded_has_a_reason_and_stops_nobody(
    tmp_path: Path, assignment: Assignment, name: str
) -> None:
    file, data, reason = PROBLEMS[name]
    folder = written(tmp_path, {file: data, "zoe.ipynb": NOTEBOOK})
    actual = take_in([folder], assignment, thorough=True).submissions
    assert [item.student for item in actual] == ["ada", "zoe"]
    assert actual[0].data is None
    assert reason in actual[0].problem
    assert actual[1].data == NOTEBOOK


def changed(data: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """Change the table of contents of an archive at its first member."""
    raw = bytearray(data)
    change(raw, raw.index(b"PK\1\2"))
    return bytes(raw)


def locked(raw: bytearray, at: int) -> None:
    raw[at + 8] |= 1


def linked(raw: bytearray, at: int) -> None:
    struct.pack_into("<I", raw, at + 38, (stat.S_IFLNK | 0o777) << 16)


def of_a_terabyte(raw: bytearray, at: int) -> None:
    struct.pack_into("<I", raw, at + 24, 0xFFFF_FFF0)


def misplaced(raw: bytearray, at: int) -> None:
    struct.pack_into("<I", raw, at + 42, 7)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(locked, "password"), (linked, "link"), (of_a_terabyte, "too much"), (misplaced, "damaged")],
)
def test_archives_that_lie(
    tmp_path: Path, assignment: Assignment, change: Callable[[bytearray, int], None], reason: str
) -> None:
    data = changed(packed({"lab.ipynb": NOTEBOOK}), change)
    for path in ("ada.zip", "ada/inner.zip"):
        folder = written(tmp_path / path.replace("/", "-"), {path: data})
        (actual,) = find_submissions([folder], assignment)
        assert actual.student == "ada"
        assert reason in actual.problem


def test_a_damaged_member_is_seen_before_grading(tmp_path: Path, assignment: Assignment) -> None:
    data = packed({"lab.ipynb": NOTEBOOK}, zipfile.ZIP_STORED).replace(b'"nbformat"', b'"nbfOrmat"', 1)
    (actual,) = find_submissions([written(tmp_path, {"ada.zip": data}) / "ada.zip"], assignment)
    assert "damaged" in actual.problem


def test_an_archive_with_a_huge_table_of_contents_is_not_opened(
    tmp_path: Path, assignment: Assignment
) -> None:
    data = bytearray(packed({"lab.ipynb": NOTEBOOK}))
    struct.pack_into("<I", data, data.index(b"PK\5\6") + 12, 50 * 2**20)
    (actual,) = find_submissions([written(tmp_path, {"ada.zip": bytes(data)}) / "ada.zip"], assignment)
    assert "too many files" in actual.problem


def test_a_bomb_is_refused_by_what_comes_out(tmp_path: Path, assignment: Assignment) -> None:
    data = packed({"lab.ipynb": b" " * 201_000_000})
    assert len(data) < 300_000
    (actual,) = find_submissions([written(tmp_path, {"ada.zip": data}) / "ada.zip"], assignment)
    assert "larger than 200 MB" in actual.problem


def test_links_are_never_followed(tmp_path: Path, assignment: Assignment) -> None:
    secret = written(tmp_path / "secret", {"ben.ipynb": OTHER}) / "ben.ipynb"
    folder = written(tmp_path / "class", {"ada.ipynb": NOTEBOOK, "cy/notes.txt": b"x"})
    (folder / "ben.ipynb").symlink_to(secret)
    (folder / "cy" / "lab.ipynb").symlink_to(folder / "ada.ipynb")
    (folder / "dot").symlink_to(secret.parent)
    (folder / "eve.ipynb").symlink_to(tmp_path / "nowhere")
    actual = find_submissions([folder], assignment)
    assert students(actual) == {"ada": NOTEBOOK, "ben": None, "cy": None, "dot": None, "eve": None}
    assert all("link" in item.problem for item in actual[1:])


def test_a_link_that_takes_the_place_of_a_file_is_refused(tmp_path: Path, assignment: Assignment) -> None:
    folder = written(tmp_path / "class", {"ada.ipynb": NOTEBOOK})
    secret = written(tmp_path, {"secret": OTHER}) / "secret"
    (actual,) = find_submissions([folder], assignment)
    (folder / "ada.ipynb").unlink()
    (folder / "ada.ipynb").symlink_to(secret)
    with pytest.raises(StaffError, match="changed since it was found"):
        _ = actual.data


def test_a_pipe_does_not_hang(tmp_path: Path, assignment: Assignment) -> None:
    os.mkfifo(tmp_path / "ada.ipynb")
    (actual,) = find_submissions([tmp_path], assignment)
    assert "device" in actual.problem


def test_names_are_safe_and_unique(tmp_path: Path, assignment: Assignment) -> None:
    names = ["Ada.ipynb", "=cmd|calc.ipynb", "-.ipynb", "b\nx.ipynb", "é\u202e.ipynb", "report.html.ipynb"]
    folder = written(tmp_path / "class", dict.fromkeys(names, NOTEBOOK))
    second = written(tmp_path / "second", {"ada.ipynb": OTHER, "a" * 200 + ".ipynb": OTHER})
    actual = find_submissions([folder, second], assignment)
    seen = [item.student for item in actual]
    assert len({name.casefold() for name in seen}) == len(names) + 2
    # Who is called so must not depend on who else is there: nobody keeps a name that clashes.
    assert {"é_", "student"} <= set(seen)
    assert {"Ada", "ada", "report.html"}.isdisjoint(seen)
    assert {"ada-", "report.html-"} <= {name.casefold()[:-6] for name in seen}
    for name in seen:
        assert name == Path(name).name
        assert name[0].isalnum() or name[0] == "_"
        assert name.isprintable()
        assert len(name) <= 70


def test_a_name_that_is_no_text_can_be_written_down(tmp_path: Path, assignment: Assignment) -> None:
    with open(os.fsencode(tmp_path) + b"/ad\xff.ipynb", "wb") as file:  # noqa: PTH123  bytes, not a Path
        file.write(NOTEBOOK)
    (actual,) = find_submissions([tmp_path], assignment)
    assert actual.data == NOTEBOOK
    assert (actual.student + actual.path).encode()


def test_what_staff_got_wrong_is_one_sentence(tmp_path: Path, assignment: Assignment) -> None:
    with pytest.raises(StaffError, match=r"nowhere: does not exist"):
        find_submissions([tmp_path / "nowhere"], assignment)
    with pytest.raises(StaffError, match="contains no submission"):
        find_submissions([tmp_path], assignment)
