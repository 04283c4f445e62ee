"""``course doctor``: versions, datasets, and each layer of the sandbox, tried for real."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from platform import python_version

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.plan import grading_plan
from autograder.engine.run import start_engine
from autograder.engine.zygote_client import Zygote, ZygoteConfig
from autograder.errors import StaffError
from autograder.limits import Limits
from autograder.sandbox.layers import CONSEQUENCE_IF_MISSING, IsolationStatus, Layer

_PACKAGES = ("tensorflow", "keras", "numpy", "otter-grader", "nbgrader")


@dataclass(frozen=True, slots=True)
class MachineReport:
    """What this machine provides for grading."""

    versions: Mapping[str, str]
    """By package; ``not installed`` where it is missing."""

    isolation: IsolationStatus
    failure: str = ""
    """Why no submission can run here; empty if submissions can run."""

    zygote_s: float = 0.0
    """Seconds until a worker was ready, including the test of the layers."""

    child_s: float = 0.0
    """Seconds to set up and tear down the sandbox of one submission."""


def examine_machine() -> MachineReport:
    """Start a worker and a sandbox as for a real submission, and report what happened."""
    versions = {"python": python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    with tempfile.TemporaryDirectory(prefix="doctor-") as kit:
        # The sandboxed process runs under another uid and must be able to read its kit.
        Path(kit).chmod(0o755)
        start = time.monotonic()
        try:
            zygote = Zygote.start(ZygoteConfig(Path(kit)))
        except StaffError as error:
            return MachineReport(versions, IsolationStatus(frozenset()), str(error))
        ready = time.monotonic()
        try:
            # kill() returns only after every process of the sandbox is gone.
            zygote.start_child(Limits(), {}, entry="autograder.sandbox.layers:probe").kill()
        except StaffError as error:
            return MachineReport(versions, zygote.isolation, str(error))
        finally:
            end = time.monotonic()
            zygote.close()
    return MachineReport(versions, zygote.isolation, "", ready - start, end - ready)


def print_report(console: Console, rows: Iterable[tuple[str, str]] = ()) -> int:
    """Print what this machine provides; return 0 if it can grade submissions, otherwise 2.

    Args:
        console: where to print.
        rows: further lines, name and state, e.g. ``("dataset: imdb", "present")``.
    """
    report = examine_machine()
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, state in (*report.versions.items(), *rows, *layer_states(report)):
        table.add_row(name, Text(state))
    console.print(table)
    if report.failure:
        console.print(f"submissions cannot run on this machine: {report.failure}", markup=False)
        return 2
    console.print(
        f"isolation: {report.isolation.level}; a worker starts in {report.zygote_s:.1f} s, "
        f"a sandbox takes {report.child_s * 1000:.0f} ms",
        markup=False,
    )
    return 0


def layer_states(report: MachineReport) -> list[tuple[str, str]]:
    """Return a line for each layer: present, or why it is missing and what that means."""
    if report.failure:
        return []
    refusals = dict(report.isolation.refusals)
    states = []
    for layer in Layer:
        state = "present"
        if layer not in report.isolation.layers:
            reason = refusals.get(layer, "needs a layer that is missing")
            state = f"missing ({reason}): {CONSEQUENCE_IF_MISSING[layer]}"
        states.append((f"isolation: {layer.value}", state))
    return states


def dataset_states(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield each configured dataset and whether a worker can load it on this machine."""
    prepared = prepare(assignment)
    for name in assignment.grading.datasets:
        plan = grading_plan(assignment, prepared.source, prepared.files, name)
        try:
            with start_engine(plan):
                state = "present"
        except StaffError as error:
            # The last line of a worker's failure is the exception that the kit raised.
            state = f"missing: {str(error).strip().splitlines()[-1]}"
        yield f"dataset: {name}", state
