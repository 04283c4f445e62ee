"""The lab's networks, trained many times: accuracies of the same network under many seeds.

``runs.json`` is made from the course's own measurements. For each data set it holds the
accuracies on the test reviews of the notebook, by network, and which networks are apart::

    {"settings": {"units": 32, ...},
     "datasets": {"embedded": {"accuracies": {"LSTM": [0.891, ...]}, "apart": [["LSTM", "Dense"]]}}}
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from .errors import KitError
from .reviews import dataset_name

FILE = Path(__file__).with_name("runs.json")

STAND_IN = {"coin": [0.5, 0.5]}
"""What there is to compare where no network was measured."""

Runs = dict[str, list[float]]


def load_runs(**settings: Any) -> Runs:
    """Return the accuracies of each network over many seeds, and say how many there are.

    Args:
        settings: sizes and training of this notebook, e.g. ``units=32``. With other settings
            than those of the measurements there is nothing to compare with.

    Returns:
        By the network's name; a coin alone where there is nothing to compare with.
    """
    measured = _measurements()
    unknown = settings.keys() - measured["settings"].keys() if measured else ()
    if unknown:
        raise KitError(f"There is no setting called {sorted(unknown)[0]} to compare runs by.")
    runs: Runs = _of_this_dataset().get("accuracies", {})
    if not runs:
        print("No runs to compare with: the networks have not been measured over many seeds here.")
        return dict(STAND_IN)
    for name, value in settings.items():
        if measured["settings"][name] != value:
            print(
                f"No runs to compare with: they were made with {name} = {measured['settings'][name]}, "
                f"and here it is {value}."
            )
            return dict(STAND_IN)
    counts = {len(values) for values in runs.values()}
    print(f"{min(counts)} runs of each network, on the test reviews of this notebook.")
    return {name: list(values) for name, values in runs.items()}


def comparable(runs: Runs | None) -> Runs:
    """Return the runs of networks; nothing if a coin stands in for them."""
    return {} if not runs or runs.keys() == STAND_IN.keys() else runs


def networks_apart() -> set[tuple[str, str]]:
    """Return pairs (ahead, behind) whose means over all runs are clearly apart."""
    return {(ahead, behind) for ahead, behind in _of_this_dataset().get("apart", ())}


def _of_this_dataset() -> dict[str, Any]:
    found: dict[str, Any] = _measurements().get("datasets", {}).get(dataset_name(), {})
    return found


@cache
def _measurements() -> dict[str, Any]:
    """Return the file's content; nothing if there is no such file or it is damaged."""
    try:
        content = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
