"""How a command ends: the exit codes that scripts rely on."""

import sys

import click
import pytest

from autograder.commands import cli
from autograder.errors import AuthorError, StaffError


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (StaffError("out: no run here"), 2, "out: no run here"),
        (AuthorError(["a.ipynb#q1: found x", "b"]), 2, "a.ipynb#q1: found x\nb"),
        (click.UsageError("no such option"), 2, "no such option"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("by zero"), 3, "ZeroDivisionError: by zero\nThis is a bug in the autograder"),
        (MemoryError(), 3, "MemoryError\nThis is a bug in the autograder"),
    ],
)
def test_an_error_ends_with_the_code_of_who_must_act(
    error: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(cli.course.commands, "build", click.Command("build", callback=fail))
    monkeypatch.setattr(sys, "argv", ["course", "build"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    output = capsys.readouterr().err
    assert ended.value.code == code
    assert sentence in output
    assert ("Traceback" in output) is (code == 3)
