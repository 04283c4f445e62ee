import fcntl
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from autograder.engine import journal
from autograder.engine.journal import Journal
from autograder.engine.results import deserialize, serialize
from autograder.errors import StaffError
from tests.support.lab_grading import ASSIGNMENT
from tests.support.plans import compile_plan
from tests.support.sample_results import (
    ANA,
    HEADER,
    HOSTILE_TEXTS,
    MARKED,
    PROVENANCE,
    checks_with_ungraded,
    result_for,
)


def lines(out: Path) -> list[bytes]:
    return (out / "run.jsonl").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_result_survives_json_whatever_its_texts_hold(text: str) -> None:
    checks = (replace(ANA.checks[1], message=text, hint=text, wall_s=0.1 + 0.2), *ANA.checks[2:])
    versions = MappingProxyType({"z": "1", "a": text})
    result = result_for(text, checks=checks, repairs=(text,), flags=(text, ""), wall_s=1 / 3)
    result = replace(result, provenance=replace(PROVENANCE, versions=versions))
    assert deserialize(json.loads(json.dumps(serialize(result)))) == result


def test_a_plain_value_that_is_no_result_is_refused() -> None:
    plain = serialize(ANA)
    del plain["checks"][0]["points"]
    with pytest.raises(ValueError):
        deserialize(plain)
    with pytest.raises(ValueError):
        deserialize({**serialize(ANA), "checks": [{**serialize(ANA)["checks"][0], "outcome": "splendid"}]})
    for part in ("checks", "provenance"):
        for other in (5, "text", [5], None):
            with pytest.raises(ValueError):
                deserialize({**serialize(ANA), part: other})


def test_a_result_of_as_many_checks_as_the_lab_has_takes_little_memory(tmp_path: Path) -> None:
    count = len(list(compile_plan(ASSIGNMENT).source.checks()))
    alike = [replace(ANA.checks[0], id=f"q1-{number}", message="It is too long.") for number in range(count)]
    with Journal.open(tmp_path, HEADER) as opened:
        for number in range(200):
            checks = tuple(replace(check, wall_s=number / 7, peak_bytes=2**20 + number) for check in alike)
            opened.append(result_for(f"student{number}", checks=checks))
    tracemalloc.start()
    try:
        stored = journal.read(tmp_path)
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(stored.results) == 200
    assert size_bytes / 200 < 22_000


def test_a_run_goes_on_where_it_was_left(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "new" / "out", HEADER) as first:
        first.append(result_for("ana"))
        first.append(result_for("ben"))
    with Journal.open(tmp_path / "new" / "out", HEADER) as second:
        assert list(second.finished_results.values()) == [result_for("ana"), result_for("ben")]
        assert ("ana", result_for("ana").provenance.submission_sha256) in second.finished_results
        second.append(result_for("cem"))
        assert len(second.finished_results) == 3
    assert len(lines(tmp_path / "new" / "out")) == 4


def test_the_same_student_with_other_bytes_is_not_done(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
        assert ("ana", result_for("ben").provenance.submission_sha256) not in opened.finished_results


@pytest.mark.parametrize("kept_bytes", [1, 30, -1])
def test_a_line_cut_off_is_dropped_and_graded_again(tmp_path: Path, kept_bytes: int) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
        opened.append(result_for("ben"))
    full = lines(tmp_path)
    (tmp_path / "run.jsonl").write_bytes(b"".join(full[:2]) + full[2][:kept_bytes])
    assert [result.student for result in journal.read(tmp_path)[1]] == ["ana"]
    with Journal.open(tmp_path, HEADER) as opened:
        assert [key.student for key in opened.finished_results] == ["ana"]
        opened.append(result_for("ben"))
    assert lines(tmp_path) == full


def test_a_header_cut_off_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_bytes(b'{"assignment": "la')
    with Journal.open(tmp_path, HEADER) as opened:
        assert not opened.finished_results
    assert journal.read(tmp_path) == (HEADER, (), ())


def test_another_data_set_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    Journal.open(tmp_path, HEADER).close()
    with (tmp_path / "run.jsonl").open("ab") as file:
        file.write(b"half a li")
    before = lines(tmp_path)
    other = replace(HEADER, isolation="any", dataset="imdb")
    with pytest.raises(
        StaffError, match=r"a different dataset and isolation; choose another --out or delete"
    ):
        Journal.open(tmp_path, other)
    assert lines(tmp_path) == before
    Journal.open(tmp_path, HEADER).close()


def test_a_journal_of_another_format_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path, replace(HEADER, format=2)).close()
    with pytest.raises(
        StaffError, match=r"by an earlier version \(journal format 2\); grade the class again"
    ):
        Journal.open(tmp_path, HEADER)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("source_sha256", "0" * 64, "source notebook"),
        ("kit_sha256", "0" * 64, "kit"),
        ("config_sha256", "0" * 64, "configuration"),
        ("versions", {"tensorflow": "9.9"}, "Python or a library"),
    ],
)
def test_what_was_graded_before_a_change_does_not_count(
    tmp_path: Path, name: str, value: object, word: str
) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
    changed = replace(HEADER, **{name: value})
    with Journal.open(tmp_path, changed) as opened:
        assert not opened.finished_results
        assert f"{word} changed; 1 earlier results" in opened.remarks[0]
        provenance = replace(PROVENANCE, **{name: value})
        again = replace(result_for("ana"), provenance=provenance)
        opened.append(again)
    assert journal.read(tmp_path) == (changed, (again,), ())
    with Journal.open(tmp_path, changed) as opened:
        assert list(opened.finished_results.values()) == [again]
        assert not opened.remarks


@pytest.mark.parametrize(
    "damage", [b"{}\n", b"\x00\x00\n", b"[1]\n", b'"text"\n', b"7\n", b"\n", b'{"format": \n']
)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_damaged_line_is_skipped_and_reported_by_its_number(
    tmp_path: Path, damage: bytes, place: int
) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
        opened.append(result_for("ben"))
    full = lines(tmp_path)
    damaged = [*full[:place], damage, *full[place + 1 :]]
    (tmp_path / "run.jsonl").write_bytes(b"".join(damaged))
    left = [name for number, name in ((1, "ana"), (2, "ben")) if number != place]
    for _ in range(2):
        with Journal.open(tmp_path, HEADER) as opened:
            assert [key.student for key in opened.finished_results] == left
            (remark,) = opened.remarks
            assert f"line {place + 1};" in remark
    stored = journal.read(tmp_path)
    assert ([result.student for result in stored.results], stored.remarks) == (left, (remark,))


def test_two_runs_into_one_folder_refuse(tmp_path: Path) -> None:
    with (
        Journal.open(tmp_path, HEADER) as opened,
        pytest.raises(StaffError, match="another run is writing here"),
    ):
        opened.append(result_for("ana"))
        Journal.open(tmp_path, HEADER)
    assert len(lines(tmp_path)) == 2
    Journal.open(tmp_path, HEADER).close()


def test_a_look_at_the_run_does_not_stop_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal.open(tmp_path, HEADER).close()
    look = (tmp_path / journal.NAME).open("rb")
    fcntl.flock(look, fcntl.LOCK_SH)
    monkeypatch.setattr(journal.time, "sleep", lambda _seconds: look.close())
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))


def test_a_run_that_opened_the_journal_before_another_file_took_its_place_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
        opened.append(result_for("ben"))
    lock = fcntl.flock

    def forgotten_first(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        journal.remove_student(tmp_path, "ana")
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", forgotten_first)
    with pytest.raises(StaffError, match="another run is writing here"):
        Journal.open(tmp_path, HEADER)
    with Journal.open(tmp_path, HEADER) as opened:
        assert list(opened.finished_results.values()) == [result_for("ben")]


def test_a_killed_run_leaves_its_lines_and_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib, signal\n"
        "from autograder.engine.journal import Journal\n"
        "from tests.support.sample_results import HEADER, result_for\n"
        "opened = Journal.open(pathlib.Path(sys.argv[1]), HEADER)\n"
        "opened.append(result_for('ana'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL
    with Journal.open(tmp_path, HEADER) as opened:
        assert list(opened.finished_results.values()) == [result_for("ana")]


def test_whoever_was_graded_when_a_run_was_killed_is_a_suspect(tmp_path: Path) -> None:
    def killed(*started: str) -> tuple[str, ...]:
        with Journal.open(tmp_path, HEADER) as opened:
            suspects = opened.suspects
            for student in started:
                journal.write_started(tmp_path, student)
            opened.append(result_for("ana"))
        return suspects

    assert killed("ana", "ben", "cem") == ()
    assert killed("cem") == ("ben", "cem")  # more often, so later
    with Journal.open(tmp_path, HEADER) as opened:
        assert opened.suspects == ("ben", "cem")
        assert opened.remarks == (
            "the run was killed while it graded ben, cem; they are graded last, one by one",
        )
        opened.append(result_for("cem"))
    with Journal.open(tmp_path, HEADER) as opened:
        assert opened.suspects == ("ben",)
        opened.write_stopped()
    assert killed() == ()


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size: a write that passes it is cut short, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana"))
        full = lines(tmp_path)
        size_bytes = sum(map(len, full))
        for room in (size_bytes + 100, size_bytes):
            with room_for(room), pytest.raises(StaffError, match="make room"):
                opened.append(result_for("ben"))
            assert lines(tmp_path) == full
        assert [key.student for key in opened.finished_results] == ["ana"]
        opened.append(result_for("ben"))
    assert [result.student for result in journal.read(tmp_path)[1]] == ["ana", "ben"]


def test_what_we_could_not_grade_is_graded_again_and_the_later_line_counts(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(result_for("ana", checks=checks_with_ungraded("q1-shape")))
        assert not opened.finished_results
        opened.append(result_for("ana"))
    with Journal.open(tmp_path, HEADER) as opened:
        assert list(opened.finished_results.values()) == [result_for("ana")]


def test_a_report_reads_the_last_result_of_each_student(tmp_path: Path) -> None:
    corrected = replace(ANA, provenance=replace(PROVENANCE, submission_sha256="0" * 64))
    with Journal.open(tmp_path, HEADER) as opened:
        for result in (result_for("zoe"), ANA, corrected):
            opened.append(result)
        assert journal.read(tmp_path) == (HEADER, (corrected, result_for("zoe")), ())


def test_a_file_that_is_submitted_again_after_another_is_the_latest(tmp_path: Path) -> None:
    first = replace(ANA, provenance=replace(PROVENANCE, submission_sha256="a" * 64), flags=("first A",))
    other = replace(ANA, provenance=replace(PROVENANCE, submission_sha256="b" * 64), flags=("B",))
    again = replace(first, flags=("A again",))
    with Journal.open(tmp_path, HEADER) as opened:
        for result in (first, other, again):
            opened.append(result)
    assert journal.read(tmp_path).results == (again,)
    with Journal.open(tmp_path, HEADER) as opened:
        assert list(opened.finished_results.values()) == [other, again]


def test_other_users_of_the_machine_cannot_read_it(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        Journal.open(tmp_path / "out", HEADER).close()
    finally:
        os.umask(mask)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out", tmp_path / "out" / "run.jsonl")]
    assert modes == [0o700, 0o600]


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(StaffError, match="give the folder of a run"):
        journal.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StaffError, match="choose another --out"):
        Journal.open(tmp_path / "file", HEADER)


def test_what_a_person_must_decide_is_not_graded_again(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(MARKED)
    with Journal.open(tmp_path, HEADER) as opened:
        assert list(opened.finished_results.values()) == [MARKED]


def test_a_line_from_before_there_were_marks_by_staff_is_read(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HEADER) as opened:
        opened.append(ANA)
    path = tmp_path / journal.NAME
    path.write_text(path.read_text().replace('"staff_marks":{},', ""))
    assert journal.read(tmp_path).results == (ANA,)
