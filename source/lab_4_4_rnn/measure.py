"""What ``course calibrate`` trains for this lab. Never released.

The solution, and the wrong variants that an accuracy threshold must catch.

The real reviews are measured where ``RNNLAB_IMDB`` names an ``imdb.npz`` (see the README).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import rnnlab
from rnnlab.quiet import keras

from autograder.quality.thresholds import Experiment

HELD_OUT_SEED = 614_889
ORDER_SEED = 731_204
SERIES_SEED = 550_127

Build = Callable[[], Any]


def experiments(answers: Mapping[str, Any], lab: Any) -> list[Experiment]:
    """Return all experiments; those on the real reviews only where these are."""
    sources = {"embedded": "embedded", "imdb": os.environ.get("RNNLAB_IMDB", "")}
    found = [*_order(answers, lab), *_forecast(answers, lab)]
    for data, source in sources.items():
        if source:
            found += _reviews(answers, lab, data, source)
    return found


def _reviews(answers: Mapping[str, Any], lab: Any, data: str, source: str) -> Iterator[Experiment]:
    L = keras.layers

    def on(
        model: str, build: Build, threshold: str = "", *, right: bool = True, **options: Any
    ) -> Experiment:
        def score(seed: int) -> float:
            return _review_accuracy(build, lab, source, seed, **options)

        return Experiment(model, data, score, threshold, right, test_size=2_000)

    def released(model: str, build: Build) -> Experiment:
        """Score the same training, which is remembered, on the test reviews that students use."""

        def score(seed: int) -> float:
            return _review_accuracy(build, lab, source, seed, held_out=False)

        name = f"{model}, test reviews of the notebook"
        return Experiment(name, data, score, test_size=lab.n_test, released_as=model)

    def network(layer: Any, *, mask: bool) -> Build:
        return lambda: _classifier(lab, L.Embedding(lab.vocab_size, lab.embed_dim, mask_zero=mask), layer())

    def lstm() -> Any:
        return answers["build_gated_rnn"]("lstm")

    def gru() -> Any:
        return answers["build_gated_rnn"]("gru")

    yield on("Dense", answers["build_dense_baseline"], "dense")
    yield released("Dense", answers["build_dense_baseline"])
    yield on("Dense on the ids", lambda: _classifier(lab, L.Dense(lab.hidden, "relu")), "dense", right=False)
    yield on("Dense, labels shuffled", answers["build_dense_baseline"], "dense", right=False, shuffled=True)
    yield on("Dense without a mask", network(L.GlobalAveragePooling1D, mask=False))
    yield replace(on("SimpleRNN", answers["build_simple_rnn"]), every_seed=True)
    yield released("SimpleRNN", answers["build_simple_rnn"])
    yield on("SimpleRNN without a mask", network(lambda: L.SimpleRNN(lab.units), mask=False))
    for kind, layer, build in (("lstm", L.LSTM, lstm), ("gru", L.GRU, gru)):
        name = kind.upper()

        def unmasked(layer: Any = layer) -> Any:
            return layer(lab.units, dropout=lab.dropout)

        yield on(name, build, kind)
        yield released(name, build)
        yield on(f"{name} without a mask", network(unmasked, mask=False), kind, right=False)
        yield on(f"{name}, untrained", build, kind, right=False, trained=False)
        yield on(f"{name}, labels shuffled", build, kind, right=False, shuffled=True)


def _classifier(lab: Any, *layers: Any) -> Any:
    ends = [keras.Input((lab.max_length,)), *layers, keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential(ends)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def _review_accuracy(
    build: Build,
    lab: Any,
    source: str,
    seed: int,
    *,
    trained: bool = True,
    shuffled: bool = False,
    held_out: bool = True,
) -> float:
    os.environ["RNNLAB_REVIEWS"] = source
    width = {"maxlen": lab.max_length, "padding": "post", "truncating": "post"}
    (X, y), (new_X, new_y) = rnnlab.load_reviews(lab.vocab_size, quiet=True)
    X, y = keras.utils.pad_sequences(X[: lab.n_train], **width), y[: lab.n_train]
    new_X, new_y = new_X[: lab.n_test], new_y[: lab.n_test]
    if held_out:
        new_X, new_y = rnnlab.held_out_reviews(lab.vocab_size, HELD_OUT_SEED)
    labels = np.random.default_rng(seed).permutation(y) if shuffled else y
    keras.utils.set_random_seed(seed)
    model = build()
    if trained:
        _train(model, X, labels, seed, lab.epochs, lab.batch_size, lab.validation_split)
    new_X = keras.utils.pad_sequences(new_X, **width)
    return float(rnnlab.measure_accuracy(model, new_X, new_y))


def _order(answers: Mapping[str, Any], lab: Any) -> Iterator[Experiment]:
    def score(build: Callable[..., Any]) -> Callable[[int], float]:
        def measured(seed: int) -> float:
            sizes = {"vocab": lab.order_vocab, "length": lab.order_length}
            X, y = rnnlab.make_order_task(lab.order_train, seed=lab.seed, **sizes)
            new_X, new_y = rnnlab.make_order_task(lab.order_test, seed=ORDER_SEED, **sizes)
            model = build(lab.order_vocab, lab.order_embed, lab.order_units, lab.order_length)
            _train(model, X, y, seed, lab.order_epochs, lab.order_batch, 0.0)
            return float(rnnlab.measure_accuracy(model, new_X, new_y))

        return measured

    def averaging(vocabulary: int, width: int, _units: int, length: int) -> Any:
        return answers["build_dense_baseline"](vocabulary, width, length)

    size = lab.order_test
    yield Experiment("SimpleRNN", "order task", score(answers["build_simple_rnn"]), "order", True, size)
    yield Experiment("averaging", "order task", score(averaging), "order", False, size)


def _forecast(answers: Mapping[str, Any], lab: Any) -> Iterator[Experiment]:
    def score(activation: str) -> Callable[[int], float]:
        def measured(seed: int) -> float:
            series = rnnlab.make_series(lab.series_length, seed=SERIES_SEED + seed)
            parts = rnnlab.split_and_standardise(series, lab.series_train)
            views = [_windows(part, lab.window) for part in parts]
            model = answers["build_forecaster"]()
            model.layers[-1].activation = keras.activations.get(activation)
            _train(
                model, views[0], parts[0][lab.window :], seed, lab.forecast_epochs, lab.forecast_batch, 0.0
            )
            predictions = rnnlab.forecast(model, views[1], question="Q10")
            error = np.abs(predictions - parts[1][lab.window :]).mean()
            return float(error / rnnlab.naive_mae(parts[1], lab.window))

        return measured

    def on(model: str, measured: Callable[[int], float], *, right: bool) -> Experiment:
        return Experiment(model, "series", measured, "forecast", right, lower_is_better=True)

    yield on("GRU", score("linear"), right=True)
    yield on("GRU, sigmoid output", score("sigmoid"), right=False)
    yield on("naive forecast", lambda _seed: 1.0, right=False)


def _windows(part: np.ndarray, window: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(part, window)[:-1, :, np.newaxis]


def _train(
    model: Any, X: np.ndarray, y: np.ndarray, seed: int, epochs: int, batch: int, split: float
) -> None:
    rnnlab.train_model(
        model,
        X,
        y,
        question="Q3",
        epochs=epochs,
        batch_size=batch,
        validation_split=split,
        seed=seed,
        show=False,
    )
