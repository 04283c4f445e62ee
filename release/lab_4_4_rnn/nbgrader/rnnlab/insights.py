"""Sentences about a student's own results; each is true whatever the numbers are."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from .errors import KitError, unanswered
from .runs import Runs, comparable, networks_apart
from .tables import (
    METRIC_NAMES,
    PAGE_WIDTH,
    Scores,
    accuracy_of,
    listed,
    models_missing,
    validation_accuracy,
)

MEMORIZED = 0.10
"""Training accuracy this far above validation accuracy is called memorizing."""

CHANCE, NEAR_CHANCE = 0.5, 0.06


def explain_simple_rnn(history: Any, scores: Any, dense_scores: Any, *, n_test: int) -> None:
    """Say what the numbers of the SimpleRNN's training show, and what they do not show.

    Args:
        history: what ``train_model`` returned for it.
        scores: what ``evaluate_model`` returned for it.
        dense_scores: what ``evaluate_model`` returned for the Dense baseline.
    """
    if models_missing({"Dense": dense_scores}) or unanswered("Q5", history, scores):
        return
    name = "SimpleRNN"
    trained, kept_aside = _last_training_accuracy(history, name), validation_accuracy(history, name)[-1]
    accuracy, dense = accuracy_of({name: scores}, name), accuracy_of({"Dense": dense_scores}, "Dense")
    _say(
        [
            *_learning_sentences(trained, kept_aside),
            _against_dense(accuracy, dense, n_test),
            "A SimpleRNN rewrites its whole state at each step. Another seed may do better or worse.",
        ]
    )


def _learning_sentences(trained: float, kept_aside: float) -> list[str]:
    numbers = (
        f"Last epoch: right on {trained:.0%} of the training reviews and on {kept_aside:.0%} of those kept "
        "aside."
    )
    if trained - kept_aside >= MEMORIZED:
        return [
            f"{numbers} It has memorized its reviews more than learned from them. This is called overfitting."
        ]
    if abs(kept_aside - CHANCE) < NEAR_CHANCE and abs(trained - CHANCE) < 2 * NEAR_CHANCE:
        return [f"{numbers} A coin does about as well: it has learned next to nothing."]
    return [f"{numbers} The two are close: what it has learned also holds for reviews that are new to it."]


def _against_dense(accuracy: float, dense: float, n_test: int) -> str:
    gap = accuracy - dense
    numbers = f"Test accuracy {accuracy:.3f}, number to beat {dense:.3f}"
    if abs(gap) <= difference_margin(accuracy, dense, n_test):
        return f"{numbers}: {n_test:,} test reviews cannot tell the two apart."
    if gap > 0:
        return f"{numbers}: the SimpleRNN is ahead in this run."
    return f"{numbers}: the network that can read order is behind the one that cannot."


def _last_training_accuracy(history: Any, name: str) -> float:
    for key, values in history.history.items():
        if METRIC_NAMES.get(key, key) == "accuracy":
            return float(values[-1])
    raise KitError(f"The history of {name} has no accuracy: compile the model with metrics=['accuracy'].")


def show_insights(scores: Scores, *, n_test: int, runs: Runs | None = None) -> None:
    """Print what these numbers say, and nothing that they do not say.

    Args:
        scores: what ``evaluate_model`` returned, by model name, Dense among them.
        n_test: number of test reviews behind each accuracy.
        runs: what ``load_runs`` returned.
    """
    if models_missing(scores):
        return
    accuracies = {name: accuracy_of(scores, name) for name in scores}
    _say(
        [
            *_dense_sentences(accuracies, n_test),
            *_seed_sentences(list(accuracies), comparable(runs)),
        ]
    )


def difference_margin(first: float, second: float, n: int) -> float:
    """Return two standard errors of the difference of two accuracies, each on n reviews."""
    return 2 * math.sqrt((first * (1 - first) + second * (1 - second)) / n)


def _dense_sentences(accuracies: Mapping[str, float], n_test: int) -> list[str]:
    """Compare each recurrent network with the number to beat, for this one run."""
    dense = next((name for name in accuracies if "dense" in name.lower()), None)
    if dense is None or len(accuracies) < 2:
        return []
    groups: dict[str, list[str]] = {"above": [], "below": [], "level": []}
    for name, accuracy in accuracies.items():
        if name == dense:
            continue
        gap = accuracy - accuracies[dense]
        if abs(gap) <= difference_margin(accuracy, accuracies[dense], n_test):
            groups["level"].append(f"{name} ({gap:+.3f})")
        else:
            groups["above" if gap > 0 else "below"].append(f"{name} ({gap:+.3f})")
    parts = []
    if groups["above"]:
        parts.append(f"{listed(groups['above'])} {_be(groups['above'])} above it")
    if groups["below"]:
        parts.append(f"{listed(groups['below'])} {_be(groups['below'])} below it")
    sentences = []
    if parts:
        sentences.append(
            f"The number to beat is {accuracies[dense]:.3f} ({dense}). In this run, {' and '.join(parts)} "
            "by more than two standard errors of the difference, and another seed may turn the order around."
        )
    if groups["level"]:
        sentences.append(
            f"This test set cannot tell {listed(groups['level'])} from {dense} ({accuracies[dense]:.3f})."
        )
    return sentences


def _seed_sentences(names: Sequence[str], runs: Mapping[str, Sequence[float]]) -> list[str]:
    """Say which networks are ahead of which over many seeds; the course has measured it."""
    names = [name for name in names if name in runs]
    if len(names) < 2:
        return ["One run cannot rank networks: another seed is another run."]
    apart = networks_apart()
    count = min(len(runs[name]) for name in names)
    means = {name: sum(runs[name]) / len(runs[name]) for name in names}
    ranked = sorted(names, key=lambda name: -means[name])
    listing = ", ".join(f"{name} {means[name]:.3f}" for name in ranked)
    steps, level = [], []
    for ahead, behind in pairwise(ranked):
        if (ahead, behind) in apart:
            steps.append(f"{ahead} is clearly ahead of {behind}")
        else:
            level.append(f"{ahead} from {behind}")
    verdicts = [listed(steps)] if steps else []
    if level:
        verdicts.append(f"even {count} seeds cannot tell {listed(level)}")
    return [f"Means over {count} seeds: {listing}. There, {'; '.join(verdicts)}."]


def show_tied(runs: Runs, tied: Any) -> None:
    """Print means and spreads over the runs, and the networks that Q8 calls tied with the best."""
    if unanswered("Q8", tied):
        return
    measured = comparable(runs)
    if not measured:
        print("There are no runs here to try your rule on.")
        return
    is_list = isinstance(tied, list | tuple | set)
    if not is_list or not all(name in list(measured) for name in tied):
        raise KitError(
            f"Q8 should return a list of names out of {listed(list(measured))}, but it returned {tied!r}."
        )
    best = max(measured, key=lambda name: sum(measured[name]) / len(measured[name]))
    others = sorted(name for name in tied if name != best)
    if others:
        verdict = f"these runs cannot tell {listed(others)} from {best}"
    else:
        verdict = f"{best} is ahead of all others"
    _say([f"The best mean is that of {best}. By your rule {verdict}."])


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _say(sentences: Sequence[str]) -> None:
    """Print sentences as a list."""
    for sentence in sentences:
        print(textwrap.fill(f"- {sentence}", PAGE_WIDTH, subsequent_indent="  "))
