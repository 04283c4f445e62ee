"""What a file can do to the process that reads it, and that process to anything else."""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.errors import StudentError
from autograder.sandbox import reader
from autograder.sandbox.reader import DefectError, ReadLimits

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = "tests.support.reader_functions"
SHORT = ReadLimits(cpu_s=1, wall_s=2)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the reader is confined by Linux")


@pytest.fixture(autouse=True, scope="module")
def functions_can_be_imported() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(reader._ENVIRONMENT, "PYTHONPATH", str(ROOT))
        reader.stop()
        yield
        reader.stop()


def test_a_file_and_bytes_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    with path.open("rb") as file:
        assert reader.read(f"{FUNCTIONS}:content", file.fileno(), str) == "text"
    assert reader.read(f"{FUNCTIONS}:content", b"text", str) == "text"


def test_a_shared_value_is_made_once_and_comes_to_each_request() -> None:
    shared = (f"{FUNCTIONS}:load", "a b")
    for _ in range(2):
        assert reader.read(f"{FUNCTIONS}:shared_value", b"", list[str], shared=shared) == ["a", "b"]


def test_it_can_do_nothing_but_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "kept").write_text("whole")
    actual = reader.read(f"{FUNCTIONS}:try_everything", b"", dict[str, str], folder=str(tmp_path))
    # Also where the grader is not root, and the reader the same user, which owns the folder.
    assert set(actual.values()) <= {"OSError", "PermissionError", "BlockingIOError"}, actual
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_text() == "whole"


@pytest.mark.parametrize("name", ["loop", "wait", "take_memory", "answer_long", "kill_itself"])
def test_a_file_that_takes_more_than_the_limits_gets_a_sentence(name: str) -> None:
    with pytest.raises(StudentError, match="could not be read within 1 seconds and 1,024 MiB"):
        reader.read(f"{FUNCTIONS}:{name}", b"", int, limits=SHORT)


def test_others_are_read_while_one_hangs() -> None:
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(reader.read, f"{FUNCTIONS}:wait", b"", int, limits=SHORT)
        assert reader.read(f"{FUNCTIONS}:content", b"text", str) == "text"
        assert not hanging.done()
        with pytest.raises(StudentError):
            hanging.result()


def test_what_a_parser_raises_on_purpose_is_told_and_a_defect_is_ours() -> None:
    with pytest.raises(StudentError, match=r"The file is empty; submit another one\."):
        reader.read(f"{FUNCTIONS}:refuse", b"", int)
    with pytest.raises(DefectError, match="KeyError: 'cells'"):
        reader.read(f"{FUNCTIONS}:stumble", b"", int)


def test_an_answer_of_another_type_is_not_believed() -> None:
    with pytest.raises(DefectError, match="Expected `int`, got `str`"):
        reader.read(f"{FUNCTIONS}:content", b"text", int)


def test_a_reader_that_was_killed_is_started_again() -> None:
    os.kill(reader._shared_reader()._process.pid, signal.SIGKILL)
    assert reader.read(f"{FUNCTIONS}:content", b"text", str) == "text"
