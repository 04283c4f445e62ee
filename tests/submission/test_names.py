"""Names never collide, and say what they say."""

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course import load_course
from autograder.files import RESERVED_NAMES
from autograder.submission import names as names_module
from autograder.submission.discover import take_in
from autograder.submission.names import NamePatterns, folder_order, split_marks, unique_names
from tests.submission.conftest import LAB, ROOT, answered

DATA = tomllib.loads((Path(names_module.__file__).parent / "platforms.toml").read_text(encoding="utf-8"))
PATTERNS = NamePatterns(load_course(ROOT).assignment(LAB))
ALIKE = st.text(alphabet="aAáÁ\u0301ßſs .-_=1/\\\x00\u202e", max_size=6)
RESERVED = st.sampled_from([*RESERVED_NAMES, *map(str.upper, RESERVED_NAMES)])


def on_disk(name: str) -> str:
    """Return what a file system that does not tell case or composition apart makes of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


@given(st.lists(st.one_of(ALIKE, RESERVED, st.text(max_size=80)), max_size=12))
def test_two_people_stay_two_whatever_they_are_called(names: list[str]) -> None:
    unique = unique_names(names, names)  # the worst case: nothing else tells them apart
    assert len({on_disk(name) for name in unique}) == len(names)
    assert {on_disk(name) for name in unique}.isdisjoint(RESERVED_NAMES)
    for name in unique:
        assert name
        assert name == Path(name).name
        assert name.isprintable()
        assert not name.startswith((".", "=", "+", "-", "@"))


@given(st.lists(ALIKE, min_size=1, max_size=8, unique=True), st.data())
def test_a_name_never_passes_to_somebody_else(names: list[str], data: st.DataObject) -> None:
    """Who is added or missing later does not give one person's name to another."""
    some = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    everybody = dict(zip(names, unique_names(names, names), strict=True))
    fewer = dict(zip(some, unique_names(some, some), strict=True))
    for person, name in fewer.items():
        owners = [other for other, its_name in everybody.items() if on_disk(its_name) == on_disk(name)]
        assert owners in ([], [person])


@pytest.mark.parametrize("entry", DATA["pattern"], ids=lambda entry: entry["platform"])
def test_each_platforms_example_is_read_by_its_own_pattern(entry: dict[str, object]) -> None:
    name, is_folder = str(entry["example"]), bool(entry.get("folder"))
    parsed = PATTERNS.parse(name, is_folder=is_folder)
    assert parsed.submitter is not None
    assert parsed.is_shared == bool(entry.get("shared"))
    assert any(
        part in parsed.submitter.student.casefold() for part in ("lovelace", "anon_", "submission_", "ada")
    )
    assert str(entry["source"]).startswith(("https://github.com/", "not published"))


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("lab (1)", "lab"),
        ("lab-Copy1", "lab"),
        ("lab_v2", "lab"),
        ("lab_final", "lab"),
        ("lab 2027-01-29", "lab"),
        ("lab_123456", "lab_123456"),
        ("group 7", "group 7"),
        ("(1)", "(1)"),
    ],
)
def test_marks_of_copies_and_versions_are_not_part_of_a_name(name: str, base: str) -> None:
    assert split_marks(name)[0] == base


@pytest.mark.parametrize("name", ["v2", "attempt 3", "Version 10", "final", "old", "copy", "2", "2027-01-29"])
def test_a_folder_may_be_an_attempt(name: str) -> None:
    assert folder_order(name) is not None


@pytest.mark.parametrize("name", ["ada", "part a", "s1234567", "team 2 blue", "finale"])
def test_a_folder_may_be_something_else(name: str) -> None:
    assert folder_order(name) is None


@given(st.text(alphabet="_- ()0123456789acopyfinalv.", max_size=255))
def test_no_name_makes_a_pattern_slow_or_fail(name: str) -> None:
    split_marks(name)
    PATTERNS.parse(name, is_folder=True)


@pytest.mark.parametrize(
    "unit", ["1", "my", "_", "a_", "(", "1_", "20270101", " - ", "copy ", "lab", "v1", "@", "LATE_", "[x] - "]
)
def test_no_name_is_tried_in_many_ways(tmp_path: Path, unit: str) -> None:
    """No clock is asked: with a pattern of exponential time this test would not end."""
    name = unit * (200 // len(unit))
    for end in ("", "x", "!", "é"):
        for path in (tmp_path / f"{name}{end}.ipynb", tmp_path / f"{name}{end}" / "lab.ipynb"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(answered(1))
    assignment = load_course(ROOT).assignment(LAB)
    assert len(take_in([tmp_path], assignment).files) == 8
