"""Questions put to networks that are there already; nothing is trained here.

What padding does to a fresh LSTM, whether a trained network uses the order of words, what
the networks say about a sentence, and how far back their state remembers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from .canvas import BLACK, BLUE, ONE_PANEL, RED, TWO_PANELS, label_axes, letters_for, model_style, show_figure
from .errors import KitError, unanswered
from .fitting import own_randomness, rebuilt
from .inputs import check_model, checked_rows
from .quiet import keras, silenced_stderr, tensorflow
from .reviews import load_word_index
from .service import run
from .tables import PAGE_WIDTH, listed, models_missing, padded_array, print_table, recurrent_layer

layers = keras.layers

START, UNKNOWN, FIRST_WORD = 1, 2, 4
ERASED_REVIEWS, ERASED_WORDS = 64, 30
SAME = 1e-5
"""Outputs that differ by less are the same, but for rounding."""

SHORT = 10
"""Sentences of fewer words are unlike any review."""

ROUNDING = 3e-7
"""Outputs near a half that differ by less differ in the last digits of float32 alone."""

REACH_REVIEWS, REACH_PROBES = 8, 4
SMALLEST_REACH = 1e-12


def plot_erasing(
    X_padded: Any = None, *, vocab_size: int = 10_000, max_length: int = 200, seed: int = 42
) -> None:
    """Draw how far apart a fresh LSTM's outputs are while it goes on reading zeros.

    It reads 64 rows of 30 random ids and then zeros, without and with a mask.

    Args:
        X_padded: the training reviews as Q2 pads them, to count their zeros; they are not read.
    """
    if max_length <= ERASED_WORDS or vocab_size <= FIRST_WORD:
        raise KitError(
            f"The demonstration needs max_length above {ERASED_WORDS} and vocab_size above {FIRST_WORD}."
        )
    bare, masked = _spreads_while_reading_zeros(vocab_size, max_length, seed)
    zeros = np.arange(len(bare))
    with letters_for(ONE_PANEL):
        figure, axes = plt.subplots(figsize=ONE_PANEL)
        axes.semilogy(zeros, masked, color=BLUE, linewidth=2, label="with a mask")
        axes.semilogy(zeros, bare, color=RED, linewidth=2, linestyle="--", label="without a mask")
        axes.legend(loc="center right")
        title = f"{ERASED_REVIEWS} rows of {ERASED_WORDS} random ids, one fresh LSTM"
        label_axes(axes, title, "zeros read after the words", "highest − lowest output")
        show_figure(
            figure,
            f"How far apart the outputs of a fresh LSTM are for {ERASED_REVIEWS} rows, against the number of "
            f"zeros after the words. Without a mask the curve falls from {bare[0]:.0e} to "
            f"{bare[-1]:.0e}; with a mask it stays at {masked[-1]:.0e}.",
        )
    if X_padded is None or X_padded is Ellipsis:
        return
    padding = (padded_array(X_padded) == 0).sum(axis=1)
    _say(_erasing_sentences(padding, bare))


def _spreads_while_reading_zeros(vocab_size: int, max_length: int, seed: int) -> tuple[Any, Any]:
    """Return the highest minus the lowest output after 0, 1, 2 … zeros, without and with a mask."""
    ids = np.zeros((ERASED_REVIEWS, max_length), dtype=np.int64)
    shape = (ERASED_REVIEWS, ERASED_WORDS)
    ids[:, :ERASED_WORDS] = np.random.default_rng(seed).integers(FIRST_WORD, vocab_size, size=shape)
    with own_randomness(seed), silenced_stderr():
        look_up = layers.Embedding(vocab_size, 32)
        remember = layers.LSTM(32, return_sequences=True)
        judge = layers.Dense(1, activation="sigmoid")
        words = look_up(ids)
        mask = keras.ops.convert_to_tensor(ids != 0)
        outputs = [np.asarray(judge(remember(words, mask=m)))[..., 0] for m in (None, mask)]
    bare, masked = (np.ptp(values, axis=0)[ERASED_WORDS - 1 :] for values in outputs)
    # Outputs that agree to the last digit would have no place on a logarithmic axis.
    return np.maximum(bare, np.finfo(np.float32).eps / 4), masked


def _erasing_sentences(padding: np.ndarray, bare: np.ndarray) -> list[str]:
    """Say what the curve means for reviews with these numbers of zeros."""
    full = float((padding == 0).mean())
    if full == 1:
        return ["None of your rows ends in zeros, so padding erases nothing here."]
    sentences = []
    much_closer = np.flatnonzero(bare < bare[0] / 1_000)
    if much_closer.size:
        sentences.append(
            f"Without a mask, about {much_closer[0] / 3:.0f} zeros make the outputs ten times more alike."
        )
    if full > 0:
        sentences.append(f"{full:.0%} of your training reviews fill all places: no zeros, nothing to erase.")
    median = int(np.median(padding[padding > 0]))
    left, whole = float(bare[min(median, len(bare) - 1)]), float(bare[0])
    if left < ROUNDING:
        verdict = "the same, but for the last digit"
    elif left > 0.9 * whole:
        verdict = "about as far apart as before the first zero"
    else:
        verdict = f"{left:.0e} apart; before the first zero it was {whole:.0e}"
    which = "the others" if full > 0 else "your training reviews"
    sentences.append(
        f"Half of {which} end in {median} or more zeros. Without a mask, the outputs are then {verdict}."
    )
    return sentences


def show_word_order(
    models: Mapping[str, Any], X_padded: Any, y: Any, *, samples: int, seed: int = 42
) -> None:
    """Score trained networks on test reviews, and again with the words of each one shuffled.

    Args:
        samples: how many reviews, from the first.
        seed: of the shuffling; the zeros stay at the end.
    """
    if models_missing(models) or unanswered("Q2", X_padded):
        return
    X = padded_array(X_padded)[:samples]
    shuffled = _shuffled_words(X, seed)
    labels = np.asarray(y)[:samples]
    rows, effects = [], {}
    for name, model in models.items():
        check_model(model)
        known, mixed = checked_rows(model, X, labels)[0], checked_rows(model, shuffled, labels)[0]
        before, after = (_outputs(model, ids) >= 0.5 for ids in (known, mixed))
        right, still = float((before == labels).mean()), float((after == labels).mean())
        flipped = float((before != after).mean())
        effects[name] = (right, still, flipped)
        rows.append((name, f"{right:.3f}", f"{still:.3f}", f"{flipped:.1%}"))
    print_table(("model", "accuracy", "words shuffled", "verdicts that change"), rows)
    print()
    _say(order_sentences(effects, len(X)))


def order_sentences(effects: Mapping[str, tuple[float, float, float]], n: int) -> list[str]:
    """Return what shuffling says, from (accuracy, accuracy after it, share of changed verdicts)."""
    groups: dict[str, list[str]] = {}
    for name, (right, still, flipped) in effects.items():
        # Of the verdicts that changed, chance alone moves about the root of their number.
        noise = 2 * np.sqrt(flipped / n)
        change = still - right
        if not flipped:
            verdict = "deaf"
        elif abs(change) <= noise:
            verdict = "even"
        else:
            verdict = "helped" if change < 0 else "misled"
        groups.setdefault(verdict, []).append(name if not flipped else f"{name} ({change:+.3f})")
    sentences = []
    if deaf := groups.pop("deaf", []):
        verb = "does" if len(deaf) == 1 else "do"
        sentences.append(f"{listed(deaf)} {verb} not change a single verdict: order plays no part there.")
    endings = {
        "even": "about as many verdicts turn right as turn wrong",
        "helped": "accuracy falls: what was made of the order helped",
        "misled": "accuracy rises: what was made of the order misled",
    }
    for verdict, names in groups.items():
        sentences.append(f"{listed(names)} changed verdicts, so order is used; {endings[verdict]}.")
    sentences.append("Shuffling shows whether a network uses order, not whether the task needs it.")
    return sentences


def _shuffled_words(X: np.ndarray, seed: int) -> np.ndarray:
    """Return rows of ids in which the words behind the start are shuffled."""
    rng = np.random.default_rng(seed)
    mixed = X.copy()
    for row in mixed:
        first = int(row[0] == START)
        end = int((row != 0).sum())
        row[first:end] = rng.permutation(row[first:end])
    return mixed


def show_verdicts(
    models: Mapping[str, Any], sentences: Sequence[Any], *, vocab_size: int, max_length: int
) -> None:
    """Print what each trained network makes of some sentences: the probability of praise.

    Args:
        sentences: texts, or pairs of a text and its sentiment, ``"+"`` or ``"-"``.
    """
    if models_missing(models):
        return
    texts, signs = _texts_and_signs(sentences)
    word_index = load_word_index()
    ids, unknown = _read(texts, word_index, vocab_size, max_length)
    opinions = {}
    for name, model in models.items():
        check_model(model)
        opinions[name] = _outputs(model, checked_rows(model, ids, np.zeros(len(ids)))[0])
    rows = []
    for place, (text, sign) in enumerate(zip(texts, signs, strict=True)):
        numbers = [f"{opinion[place]:.2f}" for opinion in opinions.values()]
        rows.append((textwrap.shorten(text, 40, placeholder=" ..."), sign, *numbers))
    print_table(("sentence", "+/-", *opinions), rows)
    if unknown:
        print(f"\nNot in the vocabulary, so read as unknown: {', '.join(sorted(unknown))}")
    print()
    _say(verdict_sentences(texts, signs, opinions))


def verdict_sentences(texts: Sequence[str], signs: Sequence[str], opinions: Mapping[str, Any]) -> list[str]:
    """Return what these opinions (0 to 1, one for each text) show."""
    sentences = []
    for first, second in _equal_bags(texts):
        pair = f"“{texts[first]}” and “{texts[second]}”"
        same = [n for n, values in opinions.items() if abs(values[first] - values[second]) < SAME]
        if same:
            gives = "gives" if len(same) == 1 else "give"
            sentences.append(f"{listed(same)} {gives} {pair} the same number.")
    judged = [place for place, sign in enumerate(signs) if sign in ("+", "-")]
    if judged:
        is_right = {
            name: [(values[place] >= 0.5) == (signs[place] == "+") for place in judged]
            for name, values in opinions.items()
        }
        counts = ", ".join(f"{name} {sum(marks)}" for name, marks in is_right.items())
        sentences.append(f"Right, out of {len(judged)}: {counts}.")
        hard = [texts[place] for at, place in enumerate(judged) if not any(m[at] for m in is_right.values())]
        if hard:
            sentences.append(f"No network gets this right: {'; '.join(f'“{text}”' for text in hard)}.")
    if min(len(text.split()) for text in texts) < SHORT:
        sentences.append("A few words are unlike any review that the networks have learned from.")
    return sentences


def _equal_bags(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of different texts that hold the same words."""
    bags = [sorted(_words(text)) for text in texts]
    pairs = []
    for second in range(len(texts)):
        for first in range(second):
            if bags[first] == bags[second] and _words(texts[first]) != _words(texts[second]):
                pairs.append((first, second))
    return pairs


def plot_opinion(
    models: Mapping[str, Any],
    text: Any,
    *,
    vocab_size: int,
    max_length: int,
) -> None:
    """Draw what each network thinks after each word of a text, from left to right.

    Args:
        text: a decoded review or a text of one's own; words behind ``max_length`` are not read.
    """
    if models_missing(models) or unanswered("Q1", text):
        return
    (text,), _ = _texts_and_signs([text])
    words = _words(text.removeprefix("<start>"))[: max_length - 1]
    if not words:
        raise KitError("There is no word in this text: give one with at least one word.")
    beginnings = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
    ids, _ = _read(beginnings, load_word_index(), vocab_size, max_length)
    opinions = {name: _outputs(model, ids) for name, model in models.items()}
    steps = np.arange(1, len(words) + 1)
    with letters_for(TWO_PANELS):
        figure, axes = plt.subplots(figsize=TWO_PANELS)
        for name, values in opinions.items():
            style = model_style(name)
            axes.plot(
                steps,
                values,
                color=style["color"],
                linewidth=2,
                marker=style["marker"],
                markevery=max(1, len(words) // 12),
                markeredgecolor=BLACK,
                label=name,
            )
        axes.axhline(0.5, color=BLACK, linestyle="--", linewidth=1)
        axes.set_ylim(-0.02, 1.02)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        if len(words) <= 15:
            axes.set_xticks(steps, words, rotation=30, ha="right")
        label_axes(axes, "The opinion after each word", "words read", "probability of praise")
        ends = ", ".join(f"{name} {values[-1]:.2f}" for name, values in opinions.items())
        show_figure(
            figure, f"The opinion of each network after each of {len(words)} words. At the end: {ends}."
        )
    _say(_turning_points(words, opinions))


def _turning_points(words: Sequence[str], opinions: Mapping[str, Any]) -> list[str]:
    """Say which words moved each network most."""
    sentences = []
    for name, values in opinions.items():
        moves = np.diff(values)
        if not moves.size:
            continue
        place = int(np.abs(moves).argmax())
        sentences.append(f"{name} moved most at word {place + 2}, “{words[place + 1]}”: {moves[place]:+.2f}.")
    return sentences


def plot_reach(models: Mapping[str, Any], X_padded: Any, *, seed: int = 42) -> None:
    """Draw how strongly the last state depends on words read earlier, before and after training.

    It is the size of the derivative of the last state by the vector of a word, relative to the
    last word, on reviews without padding.

    Args:
        models: trained networks with one recurrent layer.
        seed: of the fresh weights before training.
    """
    if models_missing(models) or unanswered("Q2", X_padded):
        return
    X = padded_array(X_padded)
    full = X[(X != 0).all(axis=1)][:REACH_REVIEWS]
    if not len(full):
        print("No review fills all places, so there is nothing to draw.")
        return
    curves = {}
    for name, model in models.items():
        if recurrent_layer(model, name) is None or _embedding(model) is None:
            continue
        with own_randomness(seed), silenced_stderr():
            fresh = rebuilt(model)
            curves[name] = (_reach(fresh, full), _reach(model, full))
    back = np.arange(full.shape[1])
    with letters_for(TWO_PANELS):
        figure, panels = plt.subplots(1, 2, figsize=TWO_PANELS, sharey=True)
        for panel, when, side in zip(panels, ("Before training", "After training"), (0, 1), strict=True):
            for name, pair in curves.items():
                style = model_style(name)
                panel.semilogy(
                    back,
                    np.maximum(pair[side], SMALLEST_REACH),
                    color=style["color"],
                    linewidth=2,
                    marker=style["marker"],
                    markevery=25,
                    markeredgecolor=BLACK,
                    label=name,
                )
            label_axes(
                panel, when, "steps back from the last word", "influence (last word = 1)" if not side else ""
            )
        panels[0].legend()
        show_figure(figure, "Influence of a word on the last state. " + " ".join(_reach_sentences(curves)))
    _say(_reach_sentences(curves))


def _reach(model: Any, ids: np.ndarray) -> np.ndarray:
    """Return the mean size of ∂h_T/∂e, by steps back from the last one, relative to that one.

    Source: the mean of |∂(r·h)/∂e|² over random signs r is the squared Frobenius norm of ∂h/∂e
    (Hutchinson, 1989).
    """
    look_up, layer = _embedding(model), recurrent_layer(model, "the model")
    words = look_up(np.repeat(ids, REACH_PROBES, axis=0))
    with tensorflow.GradientTape() as tape:
        tape.watch(words)
        state = layer(words, training=False)
        signs = np.random.default_rng(0).choice([-1.0, 1.0], size=state.shape)
        total = keras.ops.sum(state * keras.ops.cast(signs, state.dtype))
    squares = np.square(np.asarray(tape.gradient(total, words))).sum(axis=-1)
    sizes = np.sqrt(squares.reshape(len(ids), REACH_PROBES, -1).mean(axis=1)).mean(axis=0)[::-1]
    return sizes / sizes[0]


def _embedding(model: Any) -> Any:
    """Return the first Embedding of a model, or None."""
    return next((layer for layer in model.layers if isinstance(layer, layers.Embedding)), None)


def _reach_sentences(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[str]:
    sentences = []
    for name, (before, after) in curves.items():
        steps = min(100, len(before) - 1)
        old, new = float(before[steps]), float(after[steps])
        if new > 10 * old:
            verdict = "training has lengthened its memory"
        elif old > 10 * new:
            verdict = "training has shortened its memory"
        else:
            verdict = "training has changed its memory little"
        sentences.append(
            f"{name}: {steps} steps back, the influence is {_power(old)} before and {_power(new)} after "
            f"training; {verdict}."
        )
    return sentences


def _power(value: float) -> str:
    if value < SMALLEST_REACH:
        return "nothing"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.0e}"


def _outputs(model: Any, ids: np.ndarray) -> np.ndarray:
    (outputs,) = run("outputs", model, (ids,), {}).arrays
    if outputs.size != len(ids):
        raise KitError(
            f"The model returns shape {outputs.shape} for {len(ids)} rows: one number per row is needed."
        )
    return outputs.reshape(-1)


def _texts_and_signs(sentences: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Return texts and their signs, for texts that are alone or in a pair with a sign."""
    texts, signs = [], []
    for sentence in sentences:
        is_pair = isinstance(sentence, tuple) and len(sentence) == 2
        text, sign = sentence if is_pair else (sentence, "?")
        if not isinstance(text, str) or not text.strip():
            raise KitError(f"A sentence is a text in quotation marks, but this is {text!r}.")
        texts.append(text)
        signs.append(sign)
    return texts, signs


def _words(text: str) -> list[str]:
    return re.findall(r"<unk>|[^\W_]+(?:'[^\W_]+)?", text.lower())


def _read(
    texts: Sequence[str], word_index: Mapping[str, int], vocab_size: int, max_length: int
) -> tuple[np.ndarray, set[str]]:
    """Return padded ids of some texts, and the words that have no id."""
    ids, unknown = np.zeros((len(texts), max_length), dtype=np.int32), set()
    for row, text in zip(ids, texts, strict=True):
        row[0] = START
        for place, word in enumerate(_words(text)[: max_length - 1], start=1):
            number = word_index.get(word, vocab_size) + FIRST_WORD - 1
            if number >= vocab_size:
                number = UNKNOWN
                unknown.add(word)
            row[place] = number
    return ids, unknown - {"<unk>"}


def _say(sentences: Sequence[str]) -> None:
    """Print sentences as a list."""
    for sentence in sentences:
        print(textwrap.fill(f"- {sentence}", PAGE_WIDTH, subsequent_indent="  "))
