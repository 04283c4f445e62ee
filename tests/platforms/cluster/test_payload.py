"""What travels to a worker is all that it needs, and is the same there."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from distributed.protocol import pickle

from autograder.engine.plan import GradingPlan
from autograder.engine.run import run_header
from autograder.files import write_tree
from autograder.platforms.cluster import payload
from autograder.platforms.cluster.payload import pack, unpack


@pytest.fixture
def remembering(cluster_plan: GradingPlan, tmp_path: Path) -> GradingPlan:
    """A course that remembers two trainings."""
    root = Path(shutil.copytree(cluster_plan.assignment.root, tmp_path / "course"))
    cache = root / "var" / "training"
    write_tree(cache, {"a.entry": b"12345", "b.entry": b"1234567", "c.part": b"1"})
    return replace(cluster_plan, assignment=replace(cluster_plan.assignment, root=root), cache=cache)


def test_a_recipe_is_the_same_after_its_journey(remembering: GradingPlan, tmp_path: Path) -> None:
    present = unpack(pickle.loads(pickle.dumps(pack(remembering))), tmp_path / "there")
    assert run_header(present) == run_header(remembering)
    assert present.source == remembering.source
    assert present.files == remembering.files
    assert present.assignment.root == tmp_path / "there"
    assert present.limits == remembering.limits
    assert {path.name: path.read_bytes() for path in present.cache.iterdir()} == {
        "a.entry": b"12345",
        "b.entry": b"1234567",
    }
    assert present.cache.is_relative_to(tmp_path / "there")


def test_a_shared_folder_is_used_where_it_is_and_nothing_of_it_is_sent(
    remembering: GradingPlan, tmp_path: Path
) -> None:
    shared = replace(remembering, cache=tmp_path / "shared")
    write_tree(shared.cache, {"a.entry": b"12345"})
    sent = pack(shared)
    assert not entries_of(sent)
    assert unpack(sent, tmp_path / "there").cache == tmp_path / "shared"


def test_trainings_that_are_large_together_stay(
    remembering: GradingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "MAX_CACHE_BYTES", 12)
    complete = pack(remembering)
    assert len(entries_of(complete)) == 2
    assert not complete.is_cache_omitted
    monkeypatch.setattr(payload, "MAX_CACHE_BYTES", 11)
    assert not entries_of(pack(remembering))
    assert pack(remembering).is_cache_omitted


def entries_of(sent: payload.Payload) -> list[str]:
    return [name for name in sent.files if name.endswith(".entry")]


def test_a_difference_names_what_is_there_and_what_is_here() -> None:
    ours = {"python": "3.11.7", "numpy": "2.4.6", "dask": "2026.8.0"}
    assert payload.difference(ours | {"keras": "1"}, ours) == ""
    present = {"python": "3.11.7", "numpy": "2.4.5"}
    assert payload.difference(present, ours) == "numpy 2.4.5, here 2.4.6; dask missing, here 2026.8.0"
