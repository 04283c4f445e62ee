"""No regular expression takes a time that grows faster than the text."""

import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.text import MAX_CHARS, bounded
from tests.support.worst_cases import find_patterns, made_at_run_time, worst_cases

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = float(os.environ.get("PATTERN_PATIENCE_S", "60"))
"""Seconds in which a pattern must be done with all its worst cases; a linear one takes a tenth of one."""

TRUSTED = ("engine", "report", "platforms", "submission/names", "submission/layout", "submission/discover")
IN_UNTRUSTED_PROCESSES = {"engine/child.py"}
"""Files below ``TRUSTED`` whose patterns run in the submission's own process."""


def test_the_worst_cases_of_every_pattern_take_no_time() -> None:
    """Each gets 400,000 characters that almost match, in a process that is ended if one hangs."""
    command = [sys.executable, "-m", "tests.support.worst_cases"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        begun, buffer = [], b""
        while select.select([process.stdout], [], [], PATIENCE_S)[0]:
            part = os.read(process.stdout.fileno(), 65_536)
            if not part:
                break
            buffer += part
            *lines, buffer = buffer.split(b"\n")
            begun += [line.decode() for line in lines]
        else:
            process.kill()
            pytest.fail(f"takes too long: {begun[-1:]}")
        assert process.wait() == 0, begun[-1:]
    assert len(begun) == len(find_patterns()) + len([line for line in begun if line.startswith("platf")])


@pytest.mark.parametrize(
    ("regex", "unit"), [(r"^(\s*)[%!]", "\n"), (r"-*\d$", "-"), (r"[\W_]*copy", "_"), (r"\s*\(\d\)$", " ")]
)
def test_the_worst_case_of_a_bad_pattern_is_found(regex: str, unit: str) -> None:
    """Each of these takes a time that grows with the square of the text, and once stood in the package."""
    assert any(text.startswith(unit * 150) for text in worst_cases(re.compile(regex), 200))


def test_a_trusted_process_has_its_patterns_in_one_module() -> None:
    """Only what is bounded sees what others chose: it never looks at more than 4,000 characters."""
    elsewhere = {place for place, _, is_bounded in find_patterns() if not is_bounded} - IN_UNTRUSTED_PROCESSES
    assert [place for place in elsewhere if place.startswith(TRUSTED)] == []
    assert {place for place, _, is_bounded in find_patterns() if is_bounded} == {"text.py"}
    assert made_at_run_time() == {
        ("text.py", "regex"),
        ("checks/answers.py", "pattern"),
        ("commands/students.py", "f\"(?<![^\\\\W_])(?:{'|'.join(patterns)})(?![^\\\\W_])\""),
        ("submission/names.py", "assignment.submission_pattern"),
        ("submission/names.py", "regex"),
        ("submission/names.py", "f'{title}[\\\\W_]+(?=.)|(?<=.)[\\\\W_]+{title}$'"),
    }


def test_a_bounded_pattern_looks_at_the_beginning_only() -> None:
    pattern = bounded("b+")
    text = "b" + "a" * MAX_CHARS + "b"
    assert pattern.search(text[1:]) is None
    assert pattern.fullmatch("b" * MAX_CHARS) is not None
    assert pattern.fullmatch("b" * (MAX_CHARS + 1)) is None
    assert [match[0] for match in pattern.finditer(text)] == ["b"]
    assert pattern.sub("", text) == "a" * (MAX_CHARS - 1)
