"""The figures of the lab, in colors and shapes that color-blind readers can tell apart.

Each function draws one figure, shows it and returns None. While a value that it needs
is not there yet, it says which question makes that value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from .baselines import linear_forecast, noise_floor
from .canvas import (
    BLACK,
    BLUE,
    GREEN,
    ONE_PANEL,
    ORANGE,
    RED,
    SKY,
    THREE_PANELS,
    TWO_PANELS,
    label_axes,
    letters_for,
    model_style,
    show_figure,
)
from .errors import KitError, unanswered
from .quiet import keras
from .runs import Runs, comparable
from .tables import (
    Scores,
    accuracy_of,
    models_missing,
    own_parameters,
    padded_array,
    review_lengths,
    two_standard_errors,
    validation_accuracy,
)
from .tasks import forecast_values, series_values

NAIVE_LINE = {"color": BLUE, "linestyle": ":", "linewidth": 1.5}
LINEAR_LINE = {"color": RED, "linestyle": "-.", "linewidth": 1.8}
GRU_LINE = {"color": GREEN, "linestyle": "--", "linewidth": 1.8}
WHITE_BOX = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"}

FIRST_REVIEWS = 1_000
CHANCE = 0.5
SHOWN_STEPS = 100


def plot_review_lengths(X: Sequence[Sequence[int]]) -> None:
    """Draw how long reviews are: a histogram, and the first 1,000 in order of length."""
    lengths = review_lengths(X)
    mean = lengths.mean()
    with letters_for(TWO_PANELS):
        figure, (left, right) = plt.subplots(1, 2, figsize=TWO_PANELS)
        left.hist(lengths, bins=50, color=SKY, edgecolor="white", linewidth=0.5)
        left.axvline(mean, color=RED, linestyle="--", label=f"mean: {mean:.0f} ids")
        left.legend()
        label_axes(left, f"Lengths of {len(X):,} reviews", "length (ids)", "number of reviews")

        first = np.sort(lengths[:FIRST_REVIEWS])
        right.plot(np.arange(1, len(first) + 1), first, color=BLUE)
        right.axhline(mean, color=RED, linestyle="--", label=f"mean: {mean:.0f} ids")
        right.legend(loc="upper left")
        title = f"The first {len(first):,} reviews, shortest to longest"
        label_axes(right, title, "position after sorting", "length (ids)")
        middle = int(np.median(first))
        show_figure(
            figure,
            f"Figure A. Left: a histogram of the lengths of {len(X):,} reviews, with a dashed line at the "
            f"mean, {mean:.0f} ids; a long tail leads to the longest, {lengths.max():,}. Right: the first "
            f"{len(first):,} reviews from shortest to longest; half of them have up to {middle} ids, and the "
            "curve is steepest at the end.",
        )


def plot_padding(X: Sequence[Sequence[int]], X_padded: np.ndarray) -> None:
    """Draw lengths before padding and the ids left after it, first 1,000 reviews (Q2)."""
    if unanswered("Q2", X_padded):
        return
    padded = padded_array(X_padded, rows=len(X))[:FIRST_REVIEWS]
    lengths, width = review_lengths(X)[:FIRST_REVIEWS], padded.shape[1]
    content = (padded != 0).sum(axis=1)
    cut, full = (lengths > width).mean(), (content == width).mean()
    with letters_for(TWO_PANELS):
        figure, (left, right) = plt.subplots(1, 2, figsize=TWO_PANELS)
        left.hist(lengths, bins=30, color=SKY, edgecolor="white", linewidth=0.5)
        label = f"width {width}: {cut:.0%} of these are longer"
        left.axvline(width, color=RED, linestyle="--", label=label)
        left.legend()
        title = f"Before padding (the first {len(lengths):,})"
        label_axes(left, title, "length (ids)", "number of reviews")

        right.hist(content, bins=30, color=ORANGE, edgecolor="white", linewidth=0.5)
        label = f"{full:.0%} of these fill all {width} places"
        right.axvline(width, color=RED, linestyle="--", label=label)
        right.legend(loc="upper left")
        title = f"After padding (the first {len(lengths):,})"
        label_axes(right, title, "ids that are left (places not 0)", "number of reviews")
        show_figure(
            figure,
            f"Figure B, for the first {len(lengths):,} reviews. Left: a histogram of their lengths with a "
            f"line at {width}; {cut:.0%} lie beyond it and are cut. Right: a histogram of the ids that are "
            f"left after padding; {full:.0%} of the reviews pile up in one bar at {width}.",
        )


def plot_comparison(
    histories: Mapping[str, keras.callbacks.History],
    scores: Scores,
    models: Mapping[str, keras.Model],
    *,
    n_test: int,
    to_beat: Any,
    runs: Runs | None = None,
) -> None:
    """Draw validation accuracy per epoch, test accuracy and the size of each layer.

    Args:
        n_test: number of test reviews; thin lines show two standard errors of it.
        to_beat: what ``evaluate_model`` returned for the Dense baseline: a line.
        runs: accuracies over many seeds, from ``load_runs``: a dot each.
    """
    if models_missing(models) or models_missing(histories) or models_missing({**scores, "Dense": to_beat}):
        return
    accuracies = {name: accuracy_of(scores, name) for name in scores}
    curves = {name: validation_accuracy(histories[name], name) for name in histories}
    epochs = {name: len(values) for name, values in curves.items()}
    if len(set(epochs.values())) > 1:
        raise KitError(f"The models were trained for different numbers of epochs ({epochs}): not comparable.")
    sizes = {name: own_parameters(model, name) for name, model in models.items()}
    dense = accuracy_of({"Dense": to_beat}, "Dense")
    seeds = {name: values for name, values in comparable(runs).items() if name in accuracies}
    with letters_for(THREE_PANELS):
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=THREE_PANELS)
        _accuracy_curves(left, curves)
        _accuracy_bars(middle, accuracies, n_test, seeds)
        middle.axhline(dense, color=BLACK, linewidth=1.5, label=f"Dense: {dense:.3f}")
        _seed_dots(middle, list(accuracies), seeds)
        middle.legend(loc="upper left", fontsize="small", framealpha=1)
        middle.set_title(f"Accuracy on {n_test:,} test reviews")
        _size_bars(right, {name: size for name, size in sizes.items() if size})
        show_figure(
            figure,
            "Figure C. Left: validation accuracy after each epoch; "
            + "; ".join(f"{name} {', '.join(f'{v:.3f}' for v in values)}" for name, values in curves.items())
            + f". Middle: test accuracy {_values(accuracies)}, with a line at {dense:.3f} for Dense. "
            + _dots_in_words(seeds)
            + f"Right: parameters of the recurrent layer; {_values(sizes)}.",
        )


def plot_order_task(averaging: float, simple_rnn: Any, *, n_test: int) -> None:
    """Draw the accuracy of two models on the order task, next to the line of guessing.

    Args:
        averaging: accuracy of the averaging model.
        simple_rnn: what ``evaluate_model`` returned for the SimpleRNN (Q5).
    """
    if unanswered("Q5", simple_rnn):
        return
    name = "SimpleRNN"
    found = {"averaging": averaging, name: accuracy_of({name: simple_rnn}, name)}
    with letters_for(ONE_PANEL):
        figure, axes = plt.subplots(figsize=ONE_PANEL)
        _accuracy_bars(axes, found, n_test)
        axes.set_ylim(0, 1.25)
        axes.legend(loc="upper left")
        axes.set_title("Which of two symbols came first?")
        show_figure(
            figure,
            f"Two bars, the accuracy on new sequences of the order task: {_values(found)}. A dashed line "
            f"at {CHANCE} shows what guessing gives.",
        )


def plot_series(train: np.ndarray, test: np.ndarray) -> None:
    """Draw a series with its training part and, after it in time, its test part."""
    train, test = series_values(train), series_values(test)
    border = len(train)
    with letters_for(TWO_PANELS):
        figure, axes = plt.subplots(figsize=TWO_PANELS)
        axes.plot(np.arange(border), train, color=BLUE, linewidth=1, label="training part")
        steps = np.arange(border, border + len(test))
        axes.plot(steps, test, color=RED, linewidth=1.5, label="test part")
        axes.axvline(border, color=BLACK, linewidth=1, linestyle=":")
        axes.legend(loc="upper left", ncols=2)
        axes.margins(x=0.01, y=0.18)
        label_axes(axes, "The series, cut in time", "time step", "value (standardized)")
        show_figure(
            figure,
            f"A fast wave that rides on a slow one, with some noise: {len(train)} steps for training and, "
            f"later in time, {len(test)} steps for the test, in another color.",
        )


def plot_forecast(
    series: np.ndarray, parts: tuple[np.ndarray, np.ndarray], window: int, predictions: Any
) -> None:
    """Draw the true values, three forecasts, and how large their errors are (Q10).

    Args:
        series: before it was standardized.
        parts: training and test part of it, standardized.
        window: number of steps that each forecast looks at.
        predictions: one forecast for each value that has ``window`` values before it.
    """
    if unanswered("Q10", predictions):
        return
    train, values = (series_values(part) for part in parts)
    truth = values[window:]
    guesses = {
        "naive": (values[window - 1 : -1], NAIVE_LINE),
        "linear": (linear_forecast(train, values, window), LINEAR_LINE),
        "GRU": (forecast_values(values, window, predictions), GRU_LINE),
    }
    floor = noise_floor(series, len(train))
    shown = slice(0, SHOWN_STEPS)
    steps = np.arange(window, len(values))[shown]
    means = {}
    with letters_for((12, 6)):
        figure, (top, below) = plt.subplots(2, 1, figsize=(12, 6), sharex=True)
        top.plot(steps, truth[shown], color=BLACK, label="true value")
        for name, (guess, line) in guesses.items():
            means[name] = float(np.abs(truth - guess).mean())
            top.plot(steps, guess[shown], label=name, **line)
            below.plot(steps, np.abs(truth - guess)[shown], label=f"{name}: {means[name]:.3f}", **line)
        title = f"One step ahead: the first {len(steps)} forecasts"
        label_axes(top, title, "", "value (standardized)")
        below.axhline(floor, color=BLACK, linewidth=1, label=f"noise floor: {floor:.3f}")
        title = "Size of the error (in the legend: the mean over all forecasts)"
        label_axes(below, title, "time step of the test part", "error (standardized)")
        for axes in (top, below):
            axes.margins(x=0.01, y=0.3)
            axes.legend(loc="upper left", ncols=4)
        show_figure(
            figure,
            "Top: the test part of the series with three forecasts, one step ahead. Below: how large the "
            f"errors are, with a line at the noise floor, {floor:.3f}. Mean absolute errors: "
            f"{_values(means)}.",
        )


def _accuracy_curves(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    for name, values in curves.items():
        style = model_style(name)
        axes.plot(
            np.arange(1, len(values) + 1),
            values,
            color=style["color"],
            marker=style["marker"],
            markersize=8,
            markeredgecolor=BLACK,
            label=name,
        )
    _chance_line(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    # Room for the legend above the curves.
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))
    axes.legend(loc="upper left", ncols=2, fontsize="small")
    label_axes(axes, "Validation accuracy", "epoch", "accuracy (share of reviews)")


def _accuracy_bars(
    axes: Axes,
    accuracies: Mapping[str, float],
    n_test: int,
    runs: Mapping[str, Sequence[float]] | None = None,
) -> None:
    margins = [two_standard_errors(value, n_test) for value in accuracies.values()]
    bars = _bars(axes, accuracies, yerr=margins)
    for bar, (name, value), margin in zip(bars, accuracies.items(), margins, strict=True):
        # Above the thin line and above all dots.
        top = max(value + margin, *(runs or {}).get(name, (0.0,)))
        place = (bar.get_x() + bar.get_width() / 2, top + 0.015)
        # On white: the line of the Dense baseline may pass behind it.
        axes.annotate(f"{value:.3f}", place, ha="center", va="bottom", bbox=WHITE_BOX)
    _chance_line(axes)
    axes.set_ylim(0, 1.4)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("model (thin lines: 2 standard errors)")
    axes.set_ylabel("accuracy (share that is right)")


def _seed_dots(axes: Axes, names: Sequence[str], runs: Mapping[str, Sequence[float]]) -> None:
    """Draw the run of each seed as a dot, in the right half of the network's bar."""
    label = "another seed"
    for place, name in enumerate(names):
        values = np.sort(np.asarray(runs.get(name, ())))
        if values.size:
            sideways = place + 0.08 + 0.18 * (np.arange(len(values)) % 5) / 4
            axes.plot(sideways, values, "o", color=BLACK, markerfacecolor="white", markersize=4, label=label)
            label = None


def _dots_in_words(runs: Mapping[str, Sequence[float]]) -> str:
    if not runs:
        return ""
    ranges = [f"{name} {min(values):.3f} to {max(values):.3f}" for name, values in runs.items()]
    return f"Dots show other seeds: {', '.join(ranges)}. "


def _size_bars(axes: Axes, sizes: Mapping[str, int]) -> None:
    bars = _bars(axes, sizes)
    axes.bar_label(bars, fmt="{:,.0f}", padding=2)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(y=0.12)
    label_axes(axes, "Size of the recurrent layer alone", "model", "parameters (numbers)")


def _bars(axes: Axes, values: Mapping[str, float], **options: Any) -> Any:
    styles = [model_style(name) for name in values]
    return axes.bar(
        list(values),
        list(values.values()),
        width=0.6,
        color=[style["color"] for style in styles],
        hatch=[style["hatch"] for style in styles],
        edgecolor=BLACK,
        capsize=5,
        **options,
    )


def _chance_line(axes: Axes) -> None:
    axes.axhline(CHANCE, color=BLACK, linestyle="--", linewidth=1, label="guessing")


def _values(named: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:,.4g}" for name, value in named.items())
