"""What this machine gives: versions, and each layer of isolation, tried and not guessed."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from platform import python_version

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.engine.zygote_client import Zygote, ZygoteConfig
from autograder.errors import StaffError
from autograder.sandbox.layers import CONSEQUENCE_IF_MISSING, IsolationStatus, Layer
from autograder.sandbox.limits import Limits

_PACKAGES = ("tensorflow", "keras", "numpy", "otter-grader", "nbgrader")


@dataclass(frozen=True, slots=True)
class MachineReport:
    """What was found."""

    versions: Mapping[str, str]
    """By package; ``not installed`` where it is not."""

    isolation: IsolationStatus
    failure: str = ""
    """Why no submission can be run at all, or nothing."""

    zygote_s: float = 0.0
    """Seconds until a worker was ready, the trial of the layers included."""

    child_s: float = 0.0
    """Seconds to set up the sandbox of one submission and to take it down."""


def examine_machine() -> MachineReport:
    """Run the whole recipe once, as for a submission, and say what it came to."""
    versions = {"python": python_version(), **{name: _version(name) for name in _PACKAGES}}
    with tempfile.TemporaryDirectory(prefix="doctor-") as kit:
        Path(kit).chmod(0o755)
        begun = time.monotonic()
        try:
            zygote = Zygote.start(ZygoteConfig(Path(kit)))
        except StaffError as error:
            return MachineReport(versions, IsolationStatus(frozenset()), str(error))
        ready = time.monotonic()
        try:
            zygote.start_child(Limits(), {}, entry="autograder.sandbox.probe:main").kill()
        except StaffError as error:
            return MachineReport(versions, zygote.isolation, str(error))
        finally:
            gone = time.monotonic()
            zygote.close()
    return MachineReport(versions, zygote.isolation, "", ready - begun, gone - ready)


def print_report(console: Console, rows: Iterable[tuple[str, str]] = ()) -> int:
    """Print what this machine gives; return 0 if submissions can be graded on it, else 2.

    Args:
        console: where to print.
        rows: further lines, name and state, e.g. ``("imdb.npz", "found, 17.5 MB")``.
    """
    report = examine_machine()
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, state in (*report.versions.items(), *rows, *layer_states(report)):
        table.add_row(name, Text(state))
    console.print(table)
    console.print(_summary(report), markup=False)
    return 2 if report.failure else 0


def layer_states(report: MachineReport) -> list[tuple[str, str]]:
    """Return a line for each layer: present, or why it is missing and what that means."""
    if report.failure:
        return []
    return [(f"isolation: {layer.value}", _state(layer, report.isolation)) for layer in Layer]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _state(layer: Layer, isolation: IsolationStatus) -> str:
    if layer in isolation.layers:
        return "present"
    reason = dict(isolation.refusals).get(layer, "needs a layer that is missing")
    return f"missing ({reason}): {CONSEQUENCE_IF_MISSING[layer]}"


def _summary(report: MachineReport) -> str:
    if report.failure:
        return f"submissions cannot be run here: {report.failure}"
    times = f"a worker is ready in {report.zygote_s:.1f} s, a sandbox costs {report.child_s * 1000:.0f} ms"
    return f"isolation: {report.isolation.level}; {times}"
