"""The page of the ``course`` command."""

import re
from collections.abc import Iterator

import click

from autograder.commands.cli import course
from autograder.commands.command_group import EXIT_CODES, SECTIONS
from tools.reference_text import table

_COMMON = ("quiet", "verbose")

_INTRODUCTION = """# Commands

`course` and `python -m autograder` are the same command. Run it inside a course, which is a folder
with `course_config.py` or any folder below it. `course` alone names the first commands, `course -h`
all of them, and `course COMMAND -h` explains one.

`python -m tools.reference_pages` wrote this page from the command line itself.
"""

_PIPES = """## Pipes and scripts

On a terminal, long work shows a progress bar. Elsewhere, each finished submission prints a line, no
line is wrapped, and nothing is colored. `NO_COLOR=1` also turns color off on a terminal.
Errors go to stderr.
"""

_COMPLETION = """## Completion

Commands, options, assignments, datasets and formats complete in bash (4.4 or later), zsh and fish:

| shell | once |
|---|---|
| bash | add `eval "$(course completion bash)"` to `~/.bashrc` |
| zsh | add `eval "$(course completion zsh)"` to `~/.zshrc`, below `compinit` |
| fish | run `course completion fish > ~/.config/fish/completions/course.fish` |

The shell must find `course`: activate the environment in which it is installed.
"""


def page() -> str:
    """Return the page."""
    context = click.Context(course, info_name="course", help_option_names=["-h", "--help"])
    options = []
    for each in course.get_params(context):
        if isinstance(each, click.Option) and each.name != "version":
            options.append(each)
    lines = [_INTRODUCTION, "## Options of every command", "", _option_table(options), ""]
    lines += ["`course --version` prints the version.", ""]
    lines += ["## Exit codes", "", table(("code", "meaning"), [*EXIT_CODES.items()]), "", _PIPES, _COMPLETION]
    for heading, names in sections():
        lines += [f"## {heading}", ""]
        for name in names:
            lines += [*_command(name, context), ""]
    return "\n".join(lines)


def sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the headings of ``course --help`` with the commands below each."""
    listed = {name for names in SECTIONS.values() for name in names}
    yield from SECTIONS.items()
    if others := tuple(sorted(course.commands.keys() - listed)):
        yield "Other commands", others


def _command(name: str, parent: click.Context) -> Iterator[str]:
    command = course.commands[name]
    context = click.Context(command, info_name=name, parent=parent)
    yield f"### `course {name}`\n"
    # The usage line without "Usage: ", on one line.
    yield f"```\n{' '.join(command.get_usage(context).split()).removeprefix('Usage: ')}\n```\n"
    for paragraph in (command.help or "").split("\n\n"):
        yield f"{_prose(paragraph)}\n"
    options = [each for each in command.params if isinstance(each, click.Option) and each.name not in _COMMON]
    if options:
        yield f"{_option_table(options)}\n"
    if command.epilog:
        yield _prose(command.epilog)


def _option_table(options: list[click.Option]) -> str:
    rows = []
    for option in options:
        names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
        if isinstance(option.type, click.Choice):
            value = ", ".join(f"`{choice}`" for choice in option.type.choices)
        elif option.is_flag:
            value = ""
        else:
            value = option.type.name.removesuffix(" range")
        rows.append((names, value, _help(option)))
    return table(("option", "value", "meaning"), rows)


def _help(option: click.Option) -> str:
    text = _prose(option.help or "")
    if option.show_default and not option.is_flag:
        text += f" Default: `{option.default}`."
    return text + (" Required." if option.required else "")


def _prose(text: str) -> str:
    """Return help as Markdown: options and names of files in code."""
    text = " ".join(text.split())
    return re.sub(r"(?<![\w`-])(--[a-z][\w-]+|\b\w+\.(?:py|json)\b|submitted/)", r"`\1`", text)
