"""What travels to a worker is all that it needs, and compiles to the same there."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.cluster import parcel, versions
from autograder.cluster.parcel import digests_of, packed, unpacked
from autograder.compile.folder import write_tree
from autograder.errors import StaffError
from autograder.grade.recipe import Recipe


@pytest.fixture
def remembering(tiny: Recipe, tmp_path: Path) -> Recipe:
    """A course that remembers two trainings."""
    root = tmp_path / "course"
    write_tree(root, packed(tiny).files)
    cache = root / "var" / "training"
    write_tree(cache, {"a.entry": b"12345", "b.entry": b"1234567", "c.part": b"1"})
    return replace(tiny, assignment=replace(tiny.assignment, root=root), cache=cache)


def test_a_recipe_is_the_same_after_its_journey(remembering: Recipe, tmp_path: Path) -> None:
    there = unpacked(pickle.loads(pickle.dumps(packed(remembering))), tmp_path / "there")
    assert digests_of(there) == digests_of(remembering)
    assert there.source == remembering.source
    assert there.limits == remembering.limits
    assert {path.name: path.read_bytes() for path in there.cache.iterdir()} == {
        "a.entry": b"12345",
        "b.entry": b"1234567",
    }
    assert there.cache.is_relative_to(tmp_path / "there")


def test_a_shared_folder_is_used_where_it_is_and_nothing_of_it_is_sent(
    remembering: Recipe, tmp_path: Path
) -> None:
    shared = replace(remembering, cache=tmp_path / "shared")
    write_tree(shared.cache, {"a.entry": b"12345"})
    sent = packed(shared)
    assert sent.trainings == {}
    assert unpacked(sent, tmp_path / "there").cache == tmp_path / "shared"


def test_trainings_that_are_large_together_stay(remembering: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "LARGEST_BYTES", 12)
    assert len(packed(remembering).trainings) == 2
    monkeypatch.setattr(parcel, "LARGEST_BYTES", 11)
    assert packed(remembering).trainings == {}


def test_a_course_that_compiles_to_something_else_is_refused(remembering: Recipe, tmp_path: Path) -> None:
    sent = packed(remembering)
    kit = "source/tiny/tinykit/series.py"
    altered = replace(sent, files={**sent.files, kit: sent.files[kit] + b"\n"})
    with pytest.raises(StaffError, match="compiles to something else"):
        unpacked(altered, tmp_path / "there")


def test_a_difference_names_what_is_there_and_what_is_here() -> None:
    ours = {"python": "3.11.7", "numpy": "2.4.6", "dask": "2026.8.0"}
    assert versions.difference(ours | {"keras": "1"}, ours) == ""
    there = {"python": "3.11.7", "numpy": "2.4.5"}
    assert versions.difference(there, ours) == "numpy 2.4.5, here 2.4.6; dask missing, here 2026.8.0"
