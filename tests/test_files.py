"""A disk that is full or read-only costs a build, never the release that was there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.errors import StaffError
from autograder.files import differences, read_tree, replace_trees

OLD = {"a.txt": b"old", "deep/b.txt": b"old too"}
ROOT = Path(__file__).parents[1]

WRITE = """
import os, resource, sys
from pathlib import Path
from autograder.files import replace_trees
from autograder.errors import StaffError
target, how = Path(sys.argv[1]), sys.argv[2]
if how == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
elif os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    replace_trees({target.with_name("first"): {"x": b"new"}, target: {"a.txt": b"new", "big": bytes(9000)}})
except StaffError as error:
    print(error)
    sys.exit(2)
"""


def attempt(target: Path, how: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", WRITE, str(target), how]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "release" / "tiny"
    replace_trees({folder: OLD})
    return folder


def test_a_full_disk_keeps_the_old_release_and_leaves_nothing_behind(target: Path) -> None:
    done = attempt(target, "full")
    assert done.returncode == 2 and "cannot be written" in done.stdout, done.stderr
    assert read_tree(target) == OLD
    assert [path.name for path in target.parent.iterdir()] == ["tiny"]


def test_a_read_only_folder_keeps_the_old_release(target: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    target.parent.chmod(0o555)
    try:
        done = attempt(target, "read-only")
    finally:
        target.parent.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "its previous content is intact" in done.stdout
    assert read_tree(target) == OLD


def test_a_file_where_the_folder_should_be_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "release").write_text("in the way")
    with pytest.raises(StaffError, match="cannot be written"):
        replace_trees({tmp_path / "release" / "tiny": OLD})


@pytest.fixture
def half_swapped(target: Path) -> Path:
    """What a build leaves that was killed between the two steps of its swap."""
    target.rename(target.with_name(".tiny.old"))
    target.with_name(".tiny.new").mkdir()
    (target.with_name(".tiny.new") / "stale.txt").write_text("of the killed build")
    return target


def test_the_build_after_a_killed_one_leaves_nothing_of_it(half_swapped: Path) -> None:
    replace_trees({half_swapped: {"a.txt": b"new"}})
    assert read_tree(half_swapped) == {"a.txt": b"new"}
    assert [path.name for path in half_swapped.parent.iterdir()] == ["tiny"]


def test_a_build_after_a_killed_one_that_fails_as_well_brings_the_old_release_back(
    half_swapped: Path,
) -> None:
    assert attempt(half_swapped, "full").returncode == 2
    assert read_tree(half_swapped) == OLD


def test_a_swap_takes_away_what_the_new_release_does_not_have(target: Path) -> None:
    replace_trees({target: {"a.txt": b"new"}})
    assert read_tree(target) == {"a.txt": b"new"}


def test_differences_name_each_path_once(target: Path) -> None:
    (target / "link").symlink_to(target / "a.txt")
    wanted = {"a.txt": b"new", "c.txt": b""}
    assert list(differences(target, wanted)) == [
        "tiny/a.txt: differs",
        "tiny/c.txt: missing",
        "tiny/deep/b.txt: not made by the build",
        "tiny/link: not made by the build",
    ]
