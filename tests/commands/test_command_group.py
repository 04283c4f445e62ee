"""What the command line shows before it does anything: help, version, completion, color, width."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from autograder.commands import cli, command_group
from autograder.commands.command_group import CONSOLE, EXIT_CODES, SECTIONS, SHELLS
from autograder.commands.grade_class import detail_lines
from autograder.errors import AuthorError
from autograder.report import exports
from tests.support.sample_results import result_for

ROOT = Path(__file__).parents[2]
NAMES = sorted(cli.course.commands)


def output_of(*arguments: str) -> str:
    done = CliRunner().invoke(cli.course, list(arguments), prog_name="course")
    assert done.exit_code == 0, done.output
    return done.output


def run_course(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a pipe, as a script does."""
    command = [sys.executable, "-m", "autograder", *arguments]
    variables = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def test_course_alone_names_the_first_five_commands_and_where_the_others_are() -> None:
    text = output_of()
    assert re.findall(r"^  (\S+)  ", text, re.M) == ["build", "validate", "grade", "report", "export"]
    assert "course --help" in text


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_help_lists_every_command_once_and_no_sentence_is_cut(flag: str) -> None:
    text = output_of(flag)
    for name in NAMES:
        assert len(re.findall(rf"^  {name}  ", text, re.M)) == 1, name
    assert "..." not in text.partition("Options:")[2]
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^  {code} +{meaning}$", text, re.M), code


def test_every_name_of_a_section_is_a_command() -> None:
    assert {name for names in SECTIONS.values() for name in names} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_and_its_options(name: str) -> None:
    assert output_of(name, "-h") == output_of(name, "--help")
    for param in cli.course.commands[name].params:
        assert not isinstance(param, click.Option) or param.help, param.name


def test_the_version_is_one_line() -> None:
    assert re.fullmatch(r"course \d+\.\d+\.\d+\n", output_of("--version"))


def test_the_formats_of_the_command_are_those_of_the_exports() -> None:
    assert set(cli.EXPORT_FORMATS) == {*exports.FORMATS, exports.NBGRADER}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script(shell: str) -> None:
    assert f"_COURSE_COMPLETE={shell}_complete" in output_of("completion", shell)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("course gr", ["grade"]),
        ("course build lab", ["lab_4_4_rnn"]),
        ("course grade --dataset im", ["imdb"]),
        ("course export --format ca", ["canvas"]),
    ],
)
def test_a_shell_completes_commands_assignments_datasets_and_formats(words: str, expected: list[str]) -> None:
    last = str(len(words.split()) - 1)
    done = run_course(COMP_WORDS=words, COMP_CWORD=last, _COURSE_COMPLETE="bash_complete")
    assert done.returncode == 0, done.stderr
    assert [line.partition(",")[2] for line in done.stdout.split()] == expected


def test_nothing_is_completed_outside_a_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    context = click.Context(cli.course)
    assert command_group.complete_assignment(context, cli.course.params[0], "") == []


def test_in_a_pipe_no_line_is_wrapped_and_nothing_is_colored() -> None:
    code = (
        "from autograder.commands.command_group import CONSOLE\n"
        "CONSOLE.print('[red]' + 'word ' * 99 + '[/red]')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "word " * 99 + "\n"


def test_no_color_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console = Console(force_terminal=True)
    with console.capture() as captured:
        console.print("[red]text[/red]")
    assert captured.get() == "text\n"


@pytest.mark.parametrize("arguments", [["-q", "completion", "bash"], ["completion", "bash", "-q"]])
def test_quiet_stands_before_or_behind_the_command_and_keeps_the_result(arguments: list[str]) -> None:
    assert "COMPLETE" in output_of(*arguments)
    assert CONSOLE.quiet
    output_of("completion", "bash")
    assert not CONSOLE.quiet


@pytest.mark.parametrize(("arguments", "shows"), [(["build"], False), (["build", "-v"], True)])
def test_an_error_shows_where_it_comes_from_only_if_asked(
    arguments: list[str],
    shows: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise AuthorError("source: found x; delete it")

    monkeypatch.setattr(cli, "_load_course", fail)
    monkeypatch.setattr(sys, "argv", ["course", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert ("Traceback" in capsys.readouterr().err) is shows


def test_verbose_names_what_a_submission_took_and_what_was_repaired() -> None:
    result = result_for("ada", repairs=("A deleted cell was restored.",), wall_s=1.25, peak_bytes=30_000_000)
    lines = list(detail_lines(result))
    assert lines[0].startswith("ada: 1.2 s, 30 MB, from ")
    assert "  A deleted cell was restored." in lines
