"""What GitHub's runner takes for commands in the output of a step, by the rules of its ``ActionCommand``."""

from collections.abc import Iterator
from typing import NamedTuple

COMMANDS = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
    "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def commands(output: str) -> Iterator[Command]:
    """Yield what the runner obeys; between ``stop-commands`` and its token that is nothing."""
    token = ""
    for line in output.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        command = parse_command(line, COMMANDS | {token})
        if command is None:
            continue
        if token:
            token = "" if command.name == token else token
        elif command.name == "stop-commands":
            token = command.data
        else:
            yield command
    assert token == ""


def parse_command(line: str, names: set[str]) -> Command | None:
    """Return the command of a line, in the form ``::name p=v::data`` or the older ``##[name p=v]data``."""
    line = line.lstrip()
    if line.startswith("::") and "::" in line[2:]:
        head, _, data = line[2:].partition("::")
        if head.split(" ")[0] in names:
            return _make_command(head, ",", data, {"%0D": "\r", "%0A": "\n"}, {"%3A": ":", "%2C": ","})
    _, prefix, rest = line.partition("##[")
    if prefix and "]" in rest and rest.split("]")[0].split(" ")[0] in names:
        head, _, data = rest.partition("]")
        return _make_command(head, ";", data, {"%0D": "\r", "%0A": "\n", "%3B": ";", "%5D": "]"}, {})
    return None


def _make_command(
    head: str, separator: str, data: str, shared_escapes: dict[str, str], property_escapes: dict[str, str]
) -> Command:
    name, _, rest = head.partition(" ")
    pairs = (part.partition("=") for part in rest.strip().split(separator) if part)
    properties = {
        key: _unescape(value, shared_escapes | property_escapes) for key, _, value in pairs if value
    }
    return Command(name, properties, _unescape(data, shared_escapes))


def _unescape(text: str, escapes: dict[str, str]) -> str:
    for escape, char in escapes.items():
        text = text.replace(escape, char)
    return text.replace("%25", "%")
