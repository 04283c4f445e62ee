"""The figures of the lab, in colours and shapes that colour-blind readers can tell apart.

Each function draws one figure, shows it and returns None. While a value that it needs
is not there yet, it says which question makes that value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from .errors import KitError, unanswered
from .quiet import keras
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

# The palette of Okabe and Ito, https://jfly.uni-koeln.de/color/
BLACK, GREY = "#000000", "#999999"
ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

MODEL_STYLES = {
    "dense": {"color": GREY, "marker": "D", "hatch": ""},
    "averag": {"color": GREY, "marker": "D", "hatch": ""},
    "simple": {"color": SKY, "marker": "o", "hatch": "//"},
    "lstm": {"color": ORANGE, "marker": "s", "hatch": ".."},
    "gru": {"color": GREEN, "marker": "^", "hatch": "xx"},
}
OTHER_STYLE = {"color": PURPLE, "marker": "v", "hatch": "--"}

NAIVE_LINE = {"color": BLUE, "linestyle": ":", "linewidth": 1.5}
MODEL_LINE = {"color": RED, "linestyle": "--", "linewidth": 1.8}

TWO_PANELS, THREE_PANELS = (12, 4), (15, 5)
FIRST_REVIEWS = 1_000
CHANCE = 0.5
SHOWN_STEPS = 100


def plot_review_lengths(X: Sequence[Sequence[int]]) -> None:
    """Draw how long reviews are: a histogram, and the first 1,000 in order of length."""
    lengths = review_lengths(X)
    figure, (left, right) = plt.subplots(1, 2, figsize=TWO_PANELS)
    left.hist(lengths, bins=50, color=SKY, edgecolor="white", linewidth=0.5)
    mean = lengths.mean()
    left.axvline(mean, color=RED, linestyle="--", label=f"mean: {mean:.0f} words")
    left.legend()
    _label(left, f"Lengths of {len(X):,} reviews", "length (words)", "number of reviews")

    first = np.sort(lengths[:FIRST_REVIEWS])
    right.plot(np.arange(1, len(first) + 1), first, color=BLUE)
    right.axhline(mean, color=RED, linestyle="--", label=f"mean: {mean:.0f} words")
    right.legend(loc="upper left")
    title = f"The first {len(first):,} reviews, shortest to longest"
    _label(right, title, "position after sorting", "length (words)")
    _show(
        figure,
        f"Lengths of {len(X):,} reviews: a histogram, mean {mean:.0f} words, and the sorted lengths",
    )


def plot_padding(X: Sequence[Sequence[int]], X_padded: np.ndarray) -> None:
    """Draw lengths before padding and the words left after it, first 1,000 reviews (Q2)."""
    if unanswered("Q2", X_padded):
        return
    padded = padded_array(X_padded, rows=len(X))[:FIRST_REVIEWS]
    lengths, width = review_lengths(X)[:FIRST_REVIEWS], padded.shape[1]
    content = (padded != 0).sum(axis=1)
    figure, (left, right) = plt.subplots(1, 2, figsize=TWO_PANELS)
    left.hist(lengths, bins=30, color=SKY, edgecolor="white", linewidth=0.5)
    cut = (lengths > width).mean()
    label = f"width {width}: {cut:.0%} of these are longer"
    left.axvline(width, color=RED, linestyle="--", label=label)
    left.legend()
    title = f"Before padding (first {len(lengths):,} reviews)"
    _label(left, title, "length (words)", "number of reviews")

    right.hist(content, bins=30, color=ORANGE, edgecolor="white", linewidth=0.5)
    full = (content == width).mean()
    right.axvline(width, color=RED, linestyle="--", label=f"{full:.0%} fill all {width} places")
    right.legend(loc="upper left")
    _label(right, "After padding", "words that are left (places not 0)", "number of reviews")
    _show(
        figure,
        f"Lengths before padding, {cut:.0%} above {width}; words left after it, {full:.0%} fill all places",
    )


def plot_comparison(
    histories: Mapping[str, keras.callbacks.History],
    scores: Scores,
    models: Mapping[str, keras.Model],
    n_test: int,
) -> None:
    """Draw validation accuracy per epoch, test accuracy and the size of each layer.

    Args:
        n_test: number of test reviews; the bars show two standard errors of it.
    """
    if models_missing(models) or models_missing(histories) or models_missing(scores):
        return
    accuracies = {name: accuracy_of(scores, name) for name in scores}
    curves = {name: validation_accuracy(histories[name], name) for name in histories}
    epochs = {name: len(values) for name, values in curves.items()}
    if len(set(epochs.values())) > 1:
        raise KitError(f"The models were trained for different numbers of epochs ({epochs}): not comparable.")
    sizes = {name: own_parameters(model, name) for name, model in models.items()}
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=THREE_PANELS)
    _accuracy_curves(left, curves)
    _accuracy_bars(middle, accuracies, n_test)
    middle.set_title("Accuracy on the test reviews")
    _size_bars(right, {name: size for name, size in sizes.items() if size})
    measured = f"test accuracy {_values(accuracies)}; size of the layer {_values(sizes)}"
    _show(figure, f"Validation accuracy per epoch; {measured}")


def plot_order_task(averaging: float, simple_rnn: Any, *, n_test: int) -> None:
    """Draw the accuracy of two models on the order task, beside the line of guessing.

    Args:
        averaging: accuracy of the averaging model.
        simple_rnn: what ``evaluate_model`` returned for the SimpleRNN (Q5).
    """
    if unanswered("Q5", simple_rnn):
        return
    name = "SimpleRNN"
    found = {"averaging": averaging, name: accuracy_of({name: simple_rnn}, name)}
    figure, axes = plt.subplots(figsize=(7, 4))
    _accuracy_bars(axes, found, n_test)
    axes.set_title("Which of two tokens came first?")
    _show(figure, f"Accuracy on the order task: {_values(found)}; guessing is {CHANCE}")


def plot_series(train: np.ndarray, test: np.ndarray) -> None:
    """Draw a series with its training part and, after it in time, its test part."""
    train, test = series_values(train), series_values(test)
    figure, axes = plt.subplots(figsize=TWO_PANELS)
    border = len(train)
    axes.plot(np.arange(border), train, color=BLUE, linewidth=1, label="training part")
    steps = np.arange(border, border + len(test))
    axes.plot(steps, test, color=RED, linewidth=1.5, label="test part")
    axes.axvline(border, color=BLACK, linewidth=1, linestyle=":")
    axes.legend(loc="upper left", ncols=2)
    axes.margins(x=0.01, y=0.18)
    _label(axes, "The series, cut in time", "time step", "value (standardised)")
    _show(figure, f"A wave of {len(train)} training steps, followed by {len(test)} test steps")


def plot_forecast(test: np.ndarray, window: int, predictions: Any, *, question: str = "Q10") -> None:
    """Draw the true values, the model's forecasts and the naive ones, and their errors.

    Args:
        test: the test part of the series.
        window: number of steps that each forecast looks at.
        predictions: one forecast for each value that has ``window`` values before it.
    """
    if unanswered(question, predictions):
        return
    values = series_values(test)
    forecast = forecast_values(values, window, predictions)
    truth, naive = values[window:], values[window - 1 : -1]
    shown = slice(0, SHOWN_STEPS)
    steps = np.arange(window, len(values))[shown]
    figure, (top, below) = plt.subplots(2, 1, figsize=(12, 6), sharex=True)
    top.plot(steps, truth[shown], color=BLACK, label="true value")
    top.plot(steps, naive[shown], label="naive forecast", **NAIVE_LINE)
    top.plot(steps, forecast[shown], label="model", **MODEL_LINE)
    title = f"One step ahead: the first {len(steps)} forecasts"
    _label(top, title, "", "value (standardised)")

    means = {}
    for name, guess, line in (("naive", naive, NAIVE_LINE), ("model", forecast, MODEL_LINE)):
        errors = truth - guess
        means[name] = np.abs(errors).mean()
        label = f"{name}: mean absolute error {means[name]:.3f}"
        below.plot(steps, errors[shown], label=label, **line)
    below.axhline(0, color=BLACK, linewidth=0.8)
    title = "Errors: true value minus forecast (the means are over all forecasts)"
    _label(below, title, "time step of the test part", "error (standardised)")
    for axes in (top, below):
        axes.margins(x=0.01, y=0.25)
        axes.legend(loc="upper left", ncols=3)
    _show(figure, f"Forecasts beside the true values, and the errors; mean absolute errors {_values(means)}")


def _accuracy_curves(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    for name, values in curves.items():
        style = _style(name)
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
    axes.margins(y=0.1)
    axes.legend()
    _label(axes, "Validation accuracy", "epoch", "accuracy (share of reviews)")


def _accuracy_bars(axes: Axes, accuracies: Mapping[str, float], n_test: int) -> None:
    margins = [two_standard_errors(value, n_test) for value in accuracies.values()]
    bars = _bars(axes, accuracies, yerr=margins)
    for bar, value, margin in zip(bars, accuracies.values(), margins, strict=True):
        place = (bar.get_x() + bar.get_width() / 2, value + margin + 0.015)
        axes.annotate(f"{value:.3f}", place, ha="center", va="bottom")
    _chance_line(axes)
    axes.set_ylim(0, 1.12)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.legend(loc="upper left")
    axes.set_xlabel(f"model (thin lines: 2 standard errors, n = {n_test:,})")
    axes.set_ylabel("accuracy (share that is right)")


def _size_bars(axes: Axes, sizes: Mapping[str, int]) -> None:
    bars = _bars(axes, sizes)
    axes.bar_label(bars, fmt="{:,.0f}", padding=2)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(y=0.12)
    _label(axes, "Size of the recurrent layer alone", "model", "parameters (numbers)")


def _bars(axes: Axes, values: Mapping[str, float], **options: Any) -> Any:
    styles = [_style(name) for name in values]
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


def _style(name: str) -> dict[str, str]:
    matching = (style for word, style in MODEL_STYLES.items() if word in name.lower())
    return next(matching, OTHER_STYLE)


def _values(named: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:,.4g}" for name, value in named.items())


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _show(figure: Figure, alt: str) -> None:
    """Show a figure; in a notebook with ``alt`` as the text for those who cannot see it."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    if getattr(get_ipython(), "kernel", None) is not None:
        display(figure, metadata={"image/png": {"alt": alt}})
    else:
        plt.show()
    plt.close(figure)
