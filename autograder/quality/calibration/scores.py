"""Train, and keep every score in ``calibration/<lab>.json``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.build import thresholds
from autograder.course import Assignment
from autograder.quality.calibration.experiments import Experiment
from autograder.quality.calibration.fit import Threshold, fit

MAX_TABLE_SEEDS = 8
"""What decides no bar is trained under the seeds 0 … 7 at most."""

Scores = dict[str, list[float]]
Training = tuple[int, Experiment]
"""A seed, and what is trained under it."""


def measure(
    assignment: Assignment, experiments: Sequence[Experiment], seeds: int, console: Console
) -> Scores:
    """Run every experiment under the seeds 0 … ``seeds`` - 1 that are not measured yet.

    Scores that were measured with other parameters or another kit are thrown away.
    """
    scores = _load_scores(assignment)
    left = [
        (seed, experiment)
        for seed in range(seeds)
        for experiment in experiments
        if len(scores.get(experiment.key, ())) <= seed and (experiment.threshold or seed < MAX_TABLE_SEEDS)
    ]
    for seed, experiment in _with_progress(left, console):
        score = round(experiment.score(seed), 4)
        scores.setdefault(experiment.key, []).append(score)
        _write(assignment, experiments, scores)
        console.print(f"seed {seed}  {score:.4f}  {experiment.key}")
    _write(assignment, experiments, scores)
    return scores


def _with_progress(
    remaining: Sequence[tuple[int, Experiment]], console: Console
) -> Iterator[tuple[int, Experiment]]:
    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield from progress.track(remaining)


def _write(assignment: Assignment, experiments: Sequence[Experiment], scores: Scores) -> None:
    """Write scores, bars and their provenance, beside and then in place."""
    found = fit(experiments, scores)
    body = {
        "thresholds": _nest({(bar.name, bar.dataset): bar.value for bar in found}),
        "errors": [_without_value(bar) for bar in found],
        "measured_with": thresholds.provenance(assignment, assignment.calibration_inputs),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"course calibrate {assignment.name} --seeds {max(map(len, scores.values()))}",
        "scores": dict(sorted(scores.items())),
    }
    path = assignment.calibration
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(body, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _load_scores(assignment: Assignment) -> Scores:
    if not assignment.calibration.is_file():
        return {}
    try:
        found = json.loads(assignment.calibration.read_bytes())
        current = json.loads(json.dumps(thresholds.provenance(assignment, assignment.calibration_inputs)))
        if found["measured_with"] != current:
            return {}
        return {key: list(values) for key, values in found["scores"].items()}
    except (ValueError, KeyError):
        return {}


def _without_value(threshold: Threshold) -> dict[str, Any]:
    return {name: found for name, found in asdict(threshold).items() if name != "value"}


def _nest(values: Mapping[tuple[str, str], float | None]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for (name, data), value in values.items():
        if value is not None:
            nested.setdefault(name, {})[data] = value
    return nested
