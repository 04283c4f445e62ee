"""How the ``course`` command presents itself: help, ``--quiet``, ``--verbose``, completion, exit codes."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class
from rich.console import Console

from autograder.course import Assignment, find_root, load_course
from autograder.errors import CourseError

SECTIONS = {
    "First commands": ("build", "validate", "grade", "report", "export"),
    "A lab of your own": ("new",),
    "After grading": ("mark", "explain", "regrade", "delete-student"),
    "Quality of the checks": ("calibrate", "mutation-test", "compare"),
    "Platforms and this machine": ("bundle", "doctor", "demo", "completion"),
}
"""Headings of ``course --help``; commands that none of them names come last."""

EXIT_CODES = {
    "0": "done, whatever the marks",
    "2": "you can fix it; the message says how",
    "3": "a bug in this program",
    "130": "interrupted",
    "141": "the output was closed, e.g. by head",
}

INTERRUPTED = 128 + signal.SIGINT
CLOSED_PIPE = 128 + signal.SIGPIPE
"""As for a program that one of these signals ended."""

SHELLS = ("bash", "zsh", "fish")
COMPLETE_VARIABLE = "_COURSE_COMPLETE"
"""The environment variable with which a shell asks for completions."""

_PIPE_WIDTH = 500
"""Columns where the output is not a terminal, so that no line or table is wrapped or cut there."""


class CourseConsole(Console):
    """A console that wraps lines on a terminal only; without one, rich uses no color either."""

    is_verbose = False

    def __init__(self) -> None:
        is_terminal = sys.stdout.isatty()
        super().__init__(
            highlight=False, width=None if is_terminal else _PIPE_WIDTH, soft_wrap=not is_terminal
        )


CONSOLE = CourseConsole()


def _set_verbosity(context: click.Context, option: click.Parameter, value: bool) -> None:
    attribute = {"quiet": "quiet", "verbose": "is_verbose"}[str(option.name)]
    # The option of ``course`` itself comes first; that of a subcommand can only add to it.
    is_set_before = getattr(CONSOLE, attribute) and context.parent is not None
    setattr(CONSOLE, attribute, value or is_set_before)


def _common_options() -> list[click.Parameter]:
    """Return the options that every command has."""
    options: list[click.Parameter] = []
    for names, text in (
        (["-q", "--quiet"], "Print only errors and the result."),
        (["-v", "--verbose"], "Print more detail; errors show where they come from."),
    ):
        options.append(
            click.Option(names, is_flag=True, expose_value=False, callback=_set_verbosity, help=text)
        )
    return options


class CourseCommand(click.Command):
    """A command with the options that all commands have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()


class CourseGroup(click.Group):
    """The ``course`` command: what one needs first comes first."""

    command_class = CourseCommand

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, each with its whole first sentence."""
        listed = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in listed)
        for heading, names in (*SECTIONS.items(), ("Other commands", others)):
            rows = [(name, first_sentence(self.commands[name])) for name in names if name in self.commands]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes, and where to read on."""
        with formatter.section("Exit codes"):
            formatter.write_dl(list(EXIT_CODES.items()))
        super().format_epilog(ctx, formatter)

    def introduction(self, ctx: click.Context) -> str:
        """Return what ``course`` alone prints: the first commands, and where the others are."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        (heading, names), *_ = SECTIONS.items()
        with formatter.section(heading):
            formatter.write_dl([(name, first_sentence(self.commands[name])) for name in names])
        formatter.write_paragraph()
        formatter.write_text("course --help lists all commands; course COMMAND --help explains one.")
        return formatter.getvalue().rstrip("\n")


def first_sentence(command: click.Command) -> str:
    """Return the first paragraph of a command's help on one line."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def complete_assignment(_context: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the assignments of this course that begin with ``start``."""
    return [CompletionItem(each.name) for each in _assignments_here() if each.name.startswith(start)]


def complete_dataset(_context: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the datasets of this course that begin with ``start``."""
    names = sorted({name for each in _assignments_here() for name in each.grading.datasets})
    return [CompletionItem(name) for name in names if name.startswith(start)]


def _assignments_here() -> Iterator[Assignment]:
    try:
        yield from load_course(find_root(Path.cwd())).assignments.values()
    except CourseError:
        return  # outside a course, there is nothing to complete


def completion_script(group: click.Group, shell: str) -> str:
    """Return the lines with which a shell completes the ``course`` command."""
    completion = get_completion_class(shell)
    if completion is None:
        raise ValueError(f"{shell!r} is none of {SHELLS}")
    script = completion(group, {}, "course", COMPLETE_VARIABLE)
    # Not by ``source()``: for bash, that runs bash to learn its version, even if there is none here.
    return script.source_template % script.source_vars()


def run(course: click.Group) -> int:
    """Run the command line; errors become exit codes here and nowhere else."""
    if COMPLETE_VARIABLE in os.environ:
        course.main(prog_name="course")  # answers the shell and ends the process
    try:
        # Commands that can fail without an error, like ``grade``, return a code; the others None.
        code = course.main(prog_name="course", standalone_mode=False)
    except CourseError as error:
        if CONSOLE.is_verbose:
            traceback.print_exc()
        click.echo(str(error), err=True)
        code = 2
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except (SystemExit, BrokenPipeError):
        # Only click and rich end the process themselves, when nobody reads the output any more. Python
        # would complain of it once more when it writes what is still in its buffers.
        for descriptor in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        code = CLOSED_PIPE
    except Exception:  # noqa: BLE001  nothing narrower can promise exit code 3 for every bug
        # What nobody foresaw ends here, whatever its class: scripts tell by the exit code that no
        # argument of theirs helps. Nothing is swallowed, since the process ends with the whole
        # traceback.
        traceback.print_exc()
        click.echo("This is a bug in the autograder; please report the lines above.", err=True)
        code = 3
    return code or 0
