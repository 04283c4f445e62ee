"""``course doctor``: versions, datasets, and each layer of the sandbox, tried for real."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
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


def print_report(console: Console, rows: Iterable[tuple[str, str]] = ()) -> int:
    """Start a worker and a sandbox as for a real submission, and print what this machine provides.

    Args:
        console: where to print.
        rows: further lines, name and state, e.g. ``("dataset: imdb", "present")``.

    Returns:
        0 if this machine can grade submissions, otherwise 2.
    """
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("python", python_version())
    for package in _PACKAGES:
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            version = "not installed"
        table.add_row(package, version)
    for name, state in rows:
        table.add_row(name, Text(state))
    with tempfile.TemporaryDirectory(prefix="doctor-") as kit:
        # The sandboxed process runs under another uid and must be able to read its kit.
        Path(kit).chmod(0o755)
        start = time.monotonic()
        try:
            with closing(Zygote.start(ZygoteConfig(Path(kit)))) as zygote:
                ready = time.monotonic()
                # kill() returns only after every process of the sandbox is gone.
                zygote.start_child(Limits(), {}, entry="autograder.sandbox.layers:probe").kill()
                end = time.monotonic()
        except StaffError as error:
            console.print(table)
            console.quiet = False  # what follows is the result, which --quiet shows too
            console.print(f"submissions cannot run on this machine: {error}", markup=False)
            return 2
    for name, state in layer_states(zygote.isolation):
        table.add_row(name, Text(state))
    console.print(table)
    console.quiet = False
    console.print(
        f"isolation: {zygote.isolation.level}; a worker starts in {ready - start:.1f} s, "
        f"a sandbox takes {(end - ready) * 1000:.0f} ms",
        markup=False,
    )
    return 0


def layer_states(isolation: IsolationStatus) -> Iterator[tuple[str, str]]:
    """Yield a line for each layer: present, or why it is missing and what that means."""
    refusals = dict(isolation.refusals)
    for layer in Layer:
        state = "present"
        if layer not in isolation.layers:
            reason = refusals.get(layer, "needs a layer that is missing")
            state = f"missing ({reason}): {CONSEQUENCE_IF_MISSING[layer]}"
        yield f"isolation: {layer.value}", state


def dataset_states(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield each configured dataset and whether a worker can load it on this machine."""
    prepared = prepare(assignment)
    for name in assignment.grading.datasets:
        plan = grading_plan(assignment, prepared.source, prepared.files, name)
        try:
            with start_engine(replace(plan, is_own_code=True)):
                state = "present"
        except StaffError as error:
            # The last line of a worker's failure is the exception that the kit raised.
            state = f"missing: {str(error).strip().splitlines()[-1]}"
        yield f"dataset: {name}", state
