"""What is asked of trained networks: true sentences on every outcome, figures with their text."""

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from rnnlab import canvas, drawings, probes
from rnnlab.errors import KitError
from rnnlab.fitting import own_randomness
from rnnlab.quiet import check_backend, keras

mpl.use("agg")

L = keras.layers
VOCAB, WIDTH, UNITS = 60, 12, 5
WORD_INDEX = {"good": 1, "bad": 2, "not": 3, "the": 4, "movie": 5, "was": 6}

Printed = pytest.CaptureFixture[str]


def network(*layers: keras.layers.Layer) -> keras.Model:
    embedding = L.Embedding(VOCAB, 4, mask_zero=True)
    model = keras.Sequential([keras.Input((WIDTH,)), embedding, *layers, L.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def models() -> dict[str, keras.Model]:
    with own_randomness(3):
        return {"Dense": network(L.GlobalAveragePooling1D()), "LSTM": network(L.LSTM(UNITS))}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[mpl.figure.Figure]]:
    figures: list[mpl.figure.Figure] = []
    monkeypatch.setattr(canvas.plt, "show", lambda: figures.append(canvas.plt.gcf()))
    yield figures
    assert canvas.plt.get_fignums() == []


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "load_word_index", lambda: WORD_INDEX)


def padded(rows: int = 40) -> np.ndarray:
    rng = np.random.default_rng(1)
    X = rng.integers(4, VOCAB, size=(rows, WIDTH), dtype=np.int32)
    X[:, 0] = 1
    X[: rows // 2, 7:] = 0
    return X


ORDER = {
    "deaf": ((0.815, 0.815, 0.0), "Dense does not change a single verdict"),
    "helped": ((0.896, 0.810, 0.17), "accuracy falls: what was made of the order helped"),
    "even": ((0.792, 0.800, 0.09), "about as many verdicts turn right as turn wrong"),
    "misled": ((0.600, 0.700, 0.16), "accuracy rises: what was made of the order misled"),
}


@pytest.mark.parametrize("case", ORDER)
def test_shuffling_is_explained_by_its_numbers(case: str) -> None:
    effect, words = ORDER[case]
    first, *_, last = probes.order_sentences({"Dense": effect}, 1_000)
    assert words in first
    assert "whether a network uses order, not whether the task needs it" in last


def test_equal_outcomes_share_a_sentence() -> None:
    effects = {"Dense": ORDER["deaf"][0], "LSTM": ORDER["helped"][0], "GRU": ORDER["helped"][0]}
    sentences = probes.order_sentences(effects, 1_000)
    assert len(sentences) == 3
    assert "LSTM (-0.086) and GRU (-0.086) changed verdicts" in sentences[1]


def test_shuffling_keeps_the_start_the_words_and_the_padding() -> None:
    X = padded()
    mixed = probes._shuffled_words(X, seed=5)
    assert (mixed[:, 0] == 1).all()
    assert ((mixed == 0) == (X == 0)).all()
    assert (np.sort(mixed, axis=1) == np.sort(X, axis=1)).all()
    assert (mixed != X).any(axis=1).mean() > 0.9


def test_an_averaging_network_changes_no_verdict(models: Any, capsys: Printed) -> None:
    probes.show_word_order(models, padded(), np.zeros(40, dtype=int), samples=30)
    out = capsys.readouterr().out
    assert "Dense does not change a single verdict" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


TEXTS = ["The movie was not bad", "good, not bad", "bad, not good"]
SIGNS = ["+", "+", "-"]


@pytest.mark.parametrize(
    ("opinions", "said"),
    [
        (
            {"Dense": [0.3, 0.3, 0.3], "LSTM": [0.3, 0.5, 0.4]},
            [
                "Dense gives “good, not bad” and “bad, not good” the same number",
                "Right, out of 3: Dense 1, LSTM 2.",
                "No network gets this right: “The movie was not bad”.",
            ],
        ),
        ({"Dense": [0.9, 0.6, 0.55], "LSTM": [0.9, 0.6, 0.4]}, ["Right, out of 3: Dense 2, LSTM 3."]),
        (
            {"LSTM": [0.1, 0.1, 0.9]},
            ["No network gets this right: “The movie was not bad”; “good, not bad”;"],
        ),
    ],
)
def test_opinions_of_sentences_are_put_into_words(opinions: dict[str, list[float]], said: list[str]) -> None:
    out = " ".join(probes.verdict_sentences(TEXTS, SIGNS, opinions))
    assert [part for part in said if part not in out] == []
    assert ("No network" in out) == any("No network" in part for part in said)
    assert ("the same number" in out) == any("the same number" in part for part in said)
    assert "A few words are unlike any review" in out


def test_a_sentence_of_ones_own_is_read_with_unknown_words_named(
    models: Any, words: None, capsys: Printed
) -> None:
    probes.show_verdicts(
        models, [("The movie was bad", "-"), "Frobnicated, not good"], vocab_size=VOCAB, max_length=WIDTH
    )
    out = capsys.readouterr().out
    assert "read as unknown: frobnicated\n" in out
    assert "Frobnicated, not good" in out
    assert max(map(len, out.splitlines())) <= 80


def test_words_become_the_ids_that_reviews_have() -> None:
    ids, unknown = probes._read(["Good, not <unk> xyz"], WORD_INDEX, VOCAB, 8)
    assert ids.tolist() == [[1, 4, 6, 2, 2, 0, 0, 0]]
    assert unknown == {"xyz"}


@pytest.mark.parametrize("sentence", [3, "", "  ", None])
def test_what_is_no_sentence_is_explained(sentence: Any, models: Any, words: None) -> None:
    with pytest.raises(KitError, match="A sentence is a text in quotation marks"):
        probes.show_verdicts(models, [sentence], vocab_size=VOCAB, max_length=WIDTH)


def test_the_opinion_is_drawn_after_each_word(models: Any, words: None, drawn: Any, capsys: Printed) -> None:
    probes.plot_opinion(models, "<start> the movie was good", vocab_size=VOCAB, max_length=WIDTH)
    (figure,) = drawn
    assert [len(line.get_ydata()) for line in figure.axes[0].lines[:2]] == [4, 4]
    assert "LSTM moved most at word" in capsys.readouterr().out
    with pytest.raises(KitError, match="no word in this text"):
        probes.plot_opinion(models, "...", vocab_size=VOCAB, max_length=WIDTH)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (1e-9, 0.2, "training has lengthened its memory"),
        (0.1, 1e-4, "training has shortened its memory"),
        (0.1, 0.2, "training has changed its memory little"),
    ],
)
def test_the_reach_is_explained_by_its_numbers(before: float, after: float, words: str) -> None:
    curves = {"LSTM": (np.full(200, before), np.full(200, after))}
    (sentence,) = probes._reach_sentences(curves)
    assert words in sentence


def test_the_reach_is_the_derivative_of_the_last_state() -> None:
    """A recurrence that halves its state at each step forgets by a half at each step."""
    layer = L.SimpleRNN(UNITS, activation="linear", kernel_initializer="ones", use_bias=False)
    model = network(layer)
    layer.set_weights([np.ones((4, UNITS)), np.eye(UNITS) / 2])
    X = padded()[20:]
    assert probes._reach(model, X) == pytest.approx(0.5 ** np.arange(WIDTH), rel=1e-5)


def test_the_reach_is_drawn_before_and_after_training(models: Any, drawn: Any, capsys: Printed) -> None:
    probes.plot_reach(models, padded())
    (figure,) = drawn
    assert [panel.get_title() for panel in figure.axes] == ["Before training", "After training"]
    assert "LSTM: 11 steps back" in capsys.readouterr().out
    probes.plot_reach(models, padded()[:5])
    assert "nothing to draw" in capsys.readouterr().out


def test_padding_erases_what_a_fresh_lstm_has_read_unless_it_is_masked() -> None:
    bare, masked = probes._spreads_while_reading_zeros(500, 200, seed=3)
    assert bare[0] == masked[0] > 1e-3
    assert bare[-1] < 1e-6
    assert (masked == masked[0]).all()
    assert len(bare) == 171


@pytest.mark.parametrize(
    ("padding", "words"),
    [
        ([0, 0, 0], ["None of your rows ends in zeros"]),
        ([0, 0, 65, 65], ["50% of your training reviews fill all places", "Half of the others end in 65"]),
        ([100, 150, 170], ["Half of your training reviews end in 150 or more zeros"]),
        ([160, 170, 170], ["the same, but for the last digit"]),
        ([35, 35], ["are then 9e-05 apart; before the first zero it was 1e-03", "about 34 zeros"]),
        ([1, 1, 1], ["about as far apart"]),
    ],
)
def test_the_curve_is_explained_for_the_students_own_reviews(padding: list[int], words: list[str]) -> None:
    curve = np.logspace(-3, -8, 171)
    out = " ".join(probes._erasing_sentences(np.array(padding), curve))
    assert [part for part in words if part not in out] == []


def test_the_erasing_curve_is_drawn_with_and_without_a_mask(drawn: Any, capfd: Printed) -> None:
    probes.plot_erasing(padded(), vocab_size=VOCAB, max_length=50)
    (figure,) = drawn
    assert {text.get_text() for text in figure.axes[0].get_legend().get_texts()} == {
        "with a mask",
        "without a mask",
    }
    out, err = capfd.readouterr()
    assert "50% of your training reviews fill all places" in " ".join(out.split())
    assert err == ""
    with pytest.raises(KitError, match="max_length above 30"):
        probes.plot_erasing(max_length=30)


@pytest.mark.parametrize("gap", [None, ...])
def test_an_open_question_is_all_that_is_printed(gap: Any, models: Any, drawn: Any, capsys: Printed) -> None:
    sizes = {"vocab_size": VOCAB, "max_length": WIDTH}
    open_models = {**models, "GRU": gap}
    probes.show_word_order(open_models, padded(), [0], samples=1)
    probes.show_word_order(models, gap, [0], samples=1)
    probes.show_verdicts(open_models, ["good"], **sizes)
    probes.plot_opinion(open_models, "good", **sizes)
    probes.plot_opinion(models, gap, **sizes)
    probes.plot_reach(open_models, padded())
    expected = [f"{name} is not answered yet" for name in ("Q6", "Q2", "Q6", "Q6", "Q1", "Q6")]
    assert capsys.readouterr().out.splitlines() == expected
    assert drawn == []


def test_the_drawings_show_the_names_of_the_gates(drawn: Any) -> None:
    drawings.draw_unrolled()
    drawings.draw_cells()
    unrolled, cells = (
        " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)) for figure in drawn
    )
    assert "same" in unrolled
    assert "travels back" in unrolled
    for name in ("forget", "input", "output", "reset", "update"):
        assert name in cells


class Kernel:
    """Stands for a notebook's shell."""

    kernel = object()


def test_in_a_notebook_a_figure_is_an_image_with_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(canvas, "get_ipython", Kernel)
    monkeypatch.setattr(canvas, "display", lambda data, **_: shown.append(data))
    figure, axes = canvas.plt.subplots()
    axes.plot([1, 2])
    canvas.show_figure(figure, 'A "line" & more')
    (bundle,) = shown
    assert bundle["text/html"].startswith('<img style="max-width: 100%" alt="A &quot;line&quot; &amp; more"')
    assert bundle["text/plain"] == 'A "line" & more'
    assert len(bundle["image/png"]) > 1_000


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_is_refused_in_a_sentence(backend: str) -> None:
    with pytest.raises(KitError, match="this lab needs TensorFlow"):
        check_backend(backend)


def test_legacy_keras_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    check_backend("tensorflow")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    with pytest.raises(KitError, match="needs Keras 3"):
        check_backend("tensorflow")
