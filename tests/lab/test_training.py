"""Training and evaluation in the kit: repeatable, remembered, and clear about bad input."""

import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rnnlab import description, fitting, make_order_task, memo, progress, service, training
from rnnlab.errors import KitError
from rnnlab.quiet import keras

WIDTH, VOCAB, EMBED, UNITS, ROWS = 6, 9, 3, 4, 64
SETTINGS = {"question": "Q5", "epochs": 2, "batch_size": 16, "show": False}
L = keras.layers


def fresh_copy(model: keras.Model, seed: int) -> keras.Model:
    with fitting.own_randomness(seed):
        return fitting.rebuilt(model)


def compiled(model: keras.Model, **options: Any) -> keras.Model:
    model.compile(
        options.get("optimizer", "adam"),
        options.get("loss", "binary_crossentropy"),
        metrics=options.get("metrics", ["accuracy"]),
    )
    return model


def sequential(units: int = UNITS, *, mask: bool = True, **options: Any) -> keras.Model:
    layers = [
        keras.Input((WIDTH,)),
        L.Embedding(VOCAB, EMBED, mask_zero=mask),
        L.SimpleRNN(units, dropout=options.get("dropout", 0.3)),
        L.Dense(1, activation="sigmoid"),
    ]
    return compiled(keras.Sequential(layers), **options)


def functional() -> keras.Model:
    words = keras.Input((WIDTH,))
    states = L.SimpleRNN(UNITS, dropout=0.3)(L.Embedding(VOCAB, EMBED, mask_zero=True)(words))
    return compiled(keras.Model(words, L.Dense(1, activation="sigmoid")(states)))


def named() -> keras.Model:
    words = keras.Input((WIDTH,), name="tokens")
    vectors = L.Embedding(VOCAB, EMBED, mask_zero=True, name="look_up")(words)
    state = L.SimpleRNN(UNITS, dropout=0.3, name="reader")(vectors)
    return compiled(keras.Model(words, L.Dense(1, "sigmoid", name="judge")(state), name="mine"))


def added() -> keras.Model:
    model = keras.Sequential(name="step_by_step")
    model.add(L.InputLayer(shape=(WIDTH,)))
    model.add(L.Embedding(VOCAB, EMBED, mask_zero=True))
    model.add(L.SimpleRNN(UNITS, dropout=0.3))
    model.add(L.Dense(1, activation="sigmoid"))
    return compiled(model)


def branching(name: str = "fork") -> keras.Model:
    words = keras.Input((WIDTH,), name=f"{name}_words")
    vectors = L.Embedding(VOCAB, EMBED, name=f"{name}_look_up")(words)
    pools = [L.GlobalAveragePooling1D()(vectors), L.GlobalMaxPooling1D()(vectors)]
    return compiled(keras.Model(words, L.Dense(1, activation="sigmoid")(L.Concatenate()(pools))))


def averaging() -> keras.Model:
    words = keras.Input((WIDTH,))
    mean = keras.ops.mean(L.Embedding(VOCAB, EMBED)(words), axis=1)
    return compiled(keras.Model(words, L.Dense(1, activation="sigmoid")(mean)))


class Doubled(L.Layer):
    """A layer that Keras does not know."""

    def call(self, x: Any) -> Any:
        return 2 * x


def own_layer() -> keras.Model:
    layers = [keras.Input((WIDTH,)), L.Embedding(VOCAB, EMBED), L.Flatten(), Doubled()]
    return compiled(keras.Sequential([*layers, L.Dense(1, activation="sigmoid")]))


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    return make_order_task(ROWS, seed=1, vocab=VOCAB, length=WIDTH)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store; counts as missing until something is trained."""
    monkeypatch.setenv("RNNLAB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNLAB_CACHE", "/dev/null/nowhere")


def entries(store: Path) -> int:
    return len(list(store.rglob("*.memo")))


def outcome(model: keras.Model, rows: Any, **changed: Any) -> tuple[dict[str, list[float]], bytes]:
    """History and the bytes of the weights after training."""
    history = training.train_model(model, *rows, **{**SETTINGS, **changed})
    return history.history, weight_bytes(model)


def weight_bytes(model: keras.Model) -> bytes:
    return b"".join(array.tobytes() for array in model.get_weights())


VARIANTS = [functional, named, added]


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_one_architecture_start_equal(variant: Callable[[], keras.Model]) -> None:
    fresh = [fresh_copy(build(), 7) for build in (sequential, variant)]
    assert weight_bytes(fresh[0]) == weight_bytes(fresh[1])
    assert weight_bytes(fresh[0]) != weight_bytes(fresh_copy(sequential(), 8))


@pytest.mark.slow
@pytest.mark.usefixtures("no_store")
def test_variants_of_one_architecture_end_equal_without_a_store(rows: Any) -> None:
    expected = outcome(sequential(), rows)
    assert [outcome(variant(), rows) for variant in VARIANTS] == [expected] * len(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_have_one_description(variant: Callable[[], keras.Model]) -> None:
    assert description.describe(variant()) == description.describe(sequential())


@pytest.mark.slow
@pytest.mark.parametrize("build", [branching, averaging])
@pytest.mark.usefixtures("no_store")
def test_models_that_branch_repeat_too(build: Callable[[], keras.Model], rows: Any) -> None:
    assert outcome(build(), rows) == outcome(build(), rows)


def test_names_do_not_describe_a_model_that_branches() -> None:
    assert description.describe(branching("left")) == description.describe(branching("right"))
    assert description.describe(branching()) != description.describe(averaging())


@pytest.mark.slow
@pytest.mark.usefixtures("no_store")
def test_the_weights_before_training_change_nothing(rows: Any) -> None:
    used = sequential()
    used.set_weights([array + 1 for array in used.get_weights()])
    used.fit(*rows, epochs=1, verbose=0)
    assert outcome(used, rows) == outcome(sequential(), rows)


@pytest.mark.usefixtures("no_store")
def test_random_generators_are_left_as_they_were(rows: Any) -> None:
    model = sequential()
    before = random.getstate(), np.random.get_state()[1].tobytes()
    training.train_model(model, *rows, **SETTINGS)
    training.evaluate_model(model, *rows, question="Q5")
    fresh_copy(model, 3)
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before


def test_a_second_training_is_read_from_the_store(
    store: Path, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = outcome(sequential(), rows)
    assert entries(store) == 1
    monkeypatch.setattr(service, "TASKS", {})
    model = named()
    history = training.train_model(model, *rows, **SETTINGS)
    assert (history.history, weight_bytes(model)) == first
    assert history.epoch == [0, 1]
    assert history.model is model


def other_data(rows: Any) -> dict[str, Any]:
    X, y = rows
    changed = X.copy()
    changed[0, 0] = 3 + (changed[0, 0] + 1) % 4
    return {
        "one word": (changed, y),
        "one label": (X, np.concatenate([[1 - y[0]], y[1:]])),
        "rows": (X[:-1], y[:-1]),
    }


@pytest.mark.slow
def test_other_data_are_trained_on_their_own(store: Path, rows: Any) -> None:
    outcome(sequential(), rows, epochs=1)
    for number, (what, data) in enumerate(other_data(rows).items(), start=2):
        outcome(sequential(), data, epochs=1)
        assert entries(store) == number, what


def test_equal_ids_of_another_integer_type_are_the_same_data(store: Path, rows: Any) -> None:
    X, y = rows
    first = outcome(sequential(), rows, epochs=1)
    assert outcome(sequential(), (X.astype("int64"), y), epochs=1) == first
    assert entries(store) == 1


@pytest.mark.slow
def test_scores_on_rows_that_were_trained_on_say_so(rows: Any, capsys: Any) -> None:
    X, y = rows
    model = sequential()
    training.train_model(model, X[:40], y[:40], **SETTINGS)
    capsys.readouterr()
    training.evaluate_model(model, X[30:50], y[30:50], question="Q5")
    seen = len({row.tobytes() for row in X[30:50]} & {row.tobytes() for row in X[:40]})
    assert capsys.readouterr().out.startswith(f"{seen} of these rows were trained on")
    fresh = sequential()
    training.evaluate_model(fresh, X[:40], y[:40], question="Q5")
    assert capsys.readouterr().out == ""


def test_accuracy_is_counted_from_the_outputs_whatever_the_metrics(rows: Any) -> None:
    X, y = rows
    model = sequential(metrics=["mae"])
    outputs = np.asarray(model(X)).reshape(-1)
    expected = np.mean((outputs >= 0.5) == y)
    assert training.measure_accuracy(model, X, y) == pytest.approx(expected)


OTHER_SETTINGS = [{"epochs": 1}, {"batch_size": 32}, {"validation_split": 0.25}, {"seed": 43}]


@pytest.mark.slow
def test_other_settings_are_trained_on_their_own(store: Path, rows: Any) -> None:
    outcome(sequential(), rows)
    for number, changed in enumerate(OTHER_SETTINGS, start=2):
        outcome(sequential(), rows, **changed)
        assert entries(store) == number, changed


OTHER_MODELS = [
    {"units": 5},
    {"mask": False},
    {"dropout": 0.0},
    {"optimizer": keras.optimizers.Adam(0.01)},
    {"optimizer": "sgd"},
    {"loss": "mse"},
    {"loss": keras.losses.BinaryCrossentropy(from_logits=True)},
    {"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
    {"metrics": ["acc"]},
    {"metrics": ["accuracy", "mae"]},
    {"metrics": [keras.metrics.BinaryAccuracy(threshold=0.6)]},
]


def test_other_models_and_compile_settings_have_other_descriptions() -> None:
    described = [description.describe(sequential(**options)) for options in [{}, *OTHER_MODELS]]
    assert None not in described
    assert all(described.count(item) == 1 for item in described)


SAME_SPELLINGS = [
    {"loss": keras.losses.BinaryCrossentropy()},
    {"loss": keras.losses.BinaryCrossentropy(name="mine")},
    {"loss": keras.losses.binary_crossentropy},
    {"loss": "BinaryCrossentropy"},
    {"optimizer": keras.optimizers.Adam()},
    {"optimizer": keras.optimizers.Adam(0.001, name="mine")},
]


@pytest.mark.parametrize("options", SAME_SPELLINGS)
def test_spellings_of_one_compile_setting_have_one_description(options: dict[str, Any]) -> None:
    assert description.describe(sequential(**options)) == description.describe(sequential())


@pytest.mark.parametrize("spelled", [keras.metrics.binary_accuracy, keras.metrics.BinaryAccuracy()])
def test_spellings_of_one_metric_have_one_description(spelled: Any) -> None:
    by_name = description.describe(sequential(metrics=["binary_accuracy"]))
    assert description.describe(sequential(metrics=[spelled])) == by_name


@pytest.mark.slow
@pytest.mark.usefixtures("no_store")
def test_spellings_of_one_loss_train_equal(rows: Any) -> None:
    expected = outcome(sequential(), rows)
    for loss in (keras.losses.BinaryCrossentropy(), keras.losses.binary_crossentropy):
        assert outcome(sequential(loss=loss), rows) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-40], lambda _: b"", lambda data: data[:-1] + b"?", lambda _: b"[]\n"],
    ids=["cut", "empty", "altered", "foreign"],
)
def test_a_damaged_entry_is_trained_again(store: Path, rows: Any, damage: Any) -> None:
    first = outcome(sequential(), rows)
    (path,) = store.rglob("*.memo")
    full = path.read_bytes()
    path.write_bytes(damage(full))
    assert outcome(sequential(), rows) == first
    assert path.read_bytes() == full


def test_an_entry_under_another_key_is_not_believed(store: Path) -> None:
    memo.store("a" * 64, memo.Result({"n": 1}, (np.arange(3),)))
    source = memo.folder() / f"{'a' * 64}.memo"
    source.rename(source.with_name(f"{'b' * 64}.memo"))
    assert memo.load("b" * 64) is None


def test_a_stored_entry_returns_as_it_was(store: Path) -> None:
    arrays = (np.arange(6.0).reshape(2, 3), np.array([], dtype=np.int8))
    memo.store("c" * 64, memo.Result({"loss": [0.1 + 0.2]}, arrays))
    entry = memo.load("c" * 64)
    assert entry.facts == {"loss": [0.1 + 0.2]}
    assert [(a.dtype, a.shape, a.tobytes()) for a in entry.arrays] == [
        (a.dtype, a.shape, a.tobytes()) for a in arrays
    ]
    assert [path.suffix for path in memo.folder().iterdir()] == [".memo"]


def test_results_are_kept_in_the_current_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RNNLAB_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    memo.store("d" * 64, memo.Result({}, ()))
    assert entries(tmp_path / ".rnnlab_cache") == 1


def test_a_layer_of_the_students_own_is_trained_and_not_stored(store: Path, rows: Any) -> None:
    model = own_layer()
    before = weight_bytes(model)
    history, after = outcome(model, rows)
    assert len(history["loss"]) == SETTINGS["epochs"]
    assert after != before
    assert set(training.evaluate_model(model, *rows, question="Q5")) == {"loss", "accuracy"}
    assert entries(store) == 0


def binary_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """A student's own loss under the name of Keras' loss."""
    return keras.ops.mean((keras.ops.cast(y_true, "float32") - y_pred) ** 2)


def relu(x: Any) -> Any:
    """A student's own activation under the name of Keras' activation."""
    return x


def test_functions_that_borrow_a_name_of_keras_are_not_taken_for_it() -> None:
    layers = [keras.Input((WIDTH,)), L.Dense(2, activation=relu), L.Dense(1)]
    assert description.describe(compiled(keras.Sequential(layers))) is None
    assert description.describe(sequential(loss=binary_crossentropy)) is None
    assert description.describe(sequential(metrics=[binary_crossentropy])) is None


def test_samples_takes_the_first_rows(store: Path, rows: Any) -> None:
    X, y = rows
    part = outcome(sequential(), rows, samples=40)
    assert part == outcome(sequential(), (X[:40], y[:40]))
    assert entries(store) == 1


@pytest.mark.slow
def test_evaluation_follows_the_weights(store: Path, rows: Any) -> None:
    model = sequential()
    first = training.evaluate_model(model, *rows, question="Q5")
    assert training.evaluate_model(model, *rows, question="Q5") == first
    assert entries(store) == 1
    outcome(model, rows)
    assert training.evaluate_model(model, *rows, question="Q5") != first
    assert list(first) == ["loss", "accuracy"]


def test_evaluation_agrees_with_keras(store: Path, rows: Any) -> None:
    model = sequential(metrics=["acc", "mean_absolute_error"])
    by_keras = model.evaluate(*rows, verbose=0, return_dict=True)
    ours = training.evaluate_model(model, *rows, question="Q5")
    assert ours == pytest.approx(
        {"loss": by_keras["loss"], "accuracy": by_keras["acc"], "mae": by_keras["mean_absolute_error"]}
    )


@pytest.mark.slow
def test_the_history_keeps_the_names_of_keras(store: Path, rows: Any) -> None:
    history, _ = outcome(sequential(metrics=["acc"]), rows)
    assert set(history) == {"loss", "acc", "val_loss", "val_acc"}


@pytest.mark.slow
def test_progress_is_one_line_per_epoch_and_the_same_from_the_store(
    store: Path, rows: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        training.train_model(sequential(), *rows, **{**SETTINGS, "show": True})
        out, err = capfd.readouterr()
        lines = out.splitlines()
        assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
        names = [part.split()[0] for part in lines[0].split("  ")[1:]]
        assert names == ["loss", "accuracy", "val_loss", "val_accuracy"]
        assert err == ""
    training.train_model(sequential(), *rows, **SETTINGS)
    assert capfd.readouterr() == ("", "")


class Handle:
    """What IPython's display returns."""

    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/plain"])


def test_a_notebook_shows_one_output_that_ends_with_the_epochs(
    store: Path, rows: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    handles: list[Handle] = []

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(data["text/plain"])
        handles.append(Handle(shown))
        return handles[-1]

    monkeypatch.setattr(progress, "display", display)
    monkeypatch.setattr(progress, "get_ipython", lambda: type("Shell", (), {"kernel": object()}))
    history = training.train_model(sequential(), *rows, **{**SETTINGS, "show": True})
    assert len(handles) == 1
    assert "[" in shown[0]
    assert shown[-1].splitlines() == progress.epoch_lines(history.history, 2)
    assert capfd.readouterr() == ("", "")


def test_warnings_of_keras_stay_off_the_screen(
    store: Path, rows: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        outcome(sequential(loss=loss), rows)
    assert not seen
    assert capfd.readouterr().err == ""


PLACEHOLDERS = [None, ...]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_an_open_question_is_named(placeholder: Any, rows: Any, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = rows
    for run in (lambda *a, **k: training.train_model(*a, **SETTINGS | k), training.evaluate_model):
        assert run(placeholder, X, y, question="Q6") is None
        assert run(sequential(), placeholder, y, question="Q6") is None
        assert run(sequential(), X, placeholder, question="Q6", data_question="Q9") is None
        assert capsys.readouterr().out.splitlines() == [
            f"{q} is not answered yet" for q in ("Q6", "Q2", "Q9")
        ]


def ragged(X: np.ndarray) -> np.ndarray:
    lists = np.empty(len(X), dtype=object)
    lists[:] = [row[: 1 + number % WIDTH].tolist() for number, row in enumerate(X)]
    return lists


BAD_ROWS = {
    "ragged array": (ragged, "different lengths"),
    "ragged lists": (lambda X: ragged(X).tolist(), "different lengths"),
    "empty": (lambda X: X[:0], "is empty"),
    "float ids": (lambda X: X * 1.0, "float64"),
    "text": (lambda _: "reviews", "a value of type str"),
    "words": (lambda X: [["good", "film"]] * len(X), "a value of type list"),
    "a number": (lambda _: 7, "a value of type int"),
    "a function": (lambda _: len, "a function"),
    "wrong width": (lambda X: X[:, :4], r"shape \(4,\).*rows of shape \(6,\)"),
    "too many dimensions": (lambda X: X[..., None], r"shape \(6, 1\)"),
    "too many words": (lambda X: X + VOCAB, "knows only 0 to 8"),
    "negative": (lambda X: X - 5, "from -4"),
    "fewer rows than labels": (lambda X: X[:9], "X has 9 rows and y has 64 labels"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_are_explained(name: str, rows: Any) -> None:
    change, message = BAD_ROWS[name]
    X, y = rows
    with pytest.raises(KitError, match=message):
        training.train_model(sequential(), change(X), y, **SETTINGS)
    with pytest.raises(KitError, match=message):
        training.evaluate_model(sequential(), change(X), y, question="Q5")


BAD_LABELS = {
    "missing values": (lambda y: np.where(y == 1, np.nan, 0.0), "NaN"),
    "text": (lambda y: ["good"] * len(y), "y must be an array of numbers"),
    "none": (lambda y: y[:0], "y is empty"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_labels_are_explained(name: str, rows: Any) -> None:
    change, message = BAD_LABELS[name]
    X, y = rows
    with pytest.raises(KitError, match=message):
        training.train_model(sequential(), X, change(y), **SETTINGS)


def uncompiled() -> keras.Model:
    return keras.Sequential([keras.Input((WIDTH,)), L.Embedding(VOCAB, EMBED), L.Flatten(), L.Dense(1)])


BAD_MODELS = {
    "text": (lambda: "lstm", "a value of type str"),
    "builder": (lambda: sequential, "was it called"),
    "tuple": (lambda: (sequential(), 1), "a value of type tuple"),
    "layer": (lambda: L.LSTM(3), "a value of type LSTM"),
    "unbuilt": (lambda: compiled(keras.Sequential([L.Embedding(VOCAB, EMBED)])), "no weights yet"),
    "uncompiled": (uncompiled, "not compiled"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_models_are_explained(name: str, rows: Any) -> None:
    make, message = BAD_MODELS[name]
    with pytest.raises(KitError, match=message):
        training.train_model(make(), *rows, **SETTINGS)
    with pytest.raises(KitError, match=message):
        training.evaluate_model(make(), *rows, question="Q5")


def sequence_output() -> keras.Model:
    layers = [keras.Input((WIDTH,)), L.Embedding(VOCAB, EMBED), L.Dense(1, activation="sigmoid")]
    return compiled(keras.Sequential(layers))


BAD_SETTINGS = [{"samples": 0}, {"samples": 2.5}, {"epochs": 0}, {"batch_size": 0}]


@pytest.mark.parametrize("changed", BAD_SETTINGS, ids=str)
def test_bad_settings_are_explained(changed: dict[str, Any], rows: Any) -> None:
    with pytest.raises(KitError, match=next(iter(changed))):
        training.train_model(sequential(), *rows, **{**SETTINGS, **changed})


def test_a_complaint_of_keras_becomes_one_short_sentence(rows: Any, store: Path) -> None:
    with pytest.raises(KitError, match="Keras could not train this model") as caught:
        training.train_model(sequence_output(), *rows, **SETTINGS)
    assert len(str(caught.value)) < 260
    assert caught.value.__suppress_context__
    assert entries(store) == 0


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What is asked for elsewhere; the answer is computed under another seed."""
    request: list[tuple[str, dict[str, Any]]] = []

    def offload(task: str, model: Any, arrays: Any, settings: Any) -> service.Result | None:
        request.append((task, dict(settings)))
        return service.TASKS["train"](model, arrays, {**settings, "seed": 5}) if task == "train" else None

    monkeypatch.setattr(service, "offload", offload)
    return request


@pytest.mark.slow
def test_a_training_done_elsewhere_is_taken_and_not_stored(
    store: Path, rows: Any, elsewhere: Any, capsys: Any
) -> None:
    model = sequential()
    history, weights = outcome(model, rows, show=True)
    assert elsewhere == [
        ("train", {"epochs": 2, "batch_size": 16, "validation_split": 0.2, "seed": 42}),
    ]
    assert entries(store) == 0
    assert capsys.readouterr().out.splitlines() == progress.epoch_lines(history, 2)
    service.offload = None
    assert (history, weights) == outcome(sequential(), rows, seed=5)
    assert (history, weights) != outcome(sequential(), rows)


def test_what_is_not_done_elsewhere_is_computed_here(store: Path, rows: Any, elsewhere: Any) -> None:
    model = sequential()
    scores = training.evaluate_model(model, *rows, question="Q5")
    assert [task for task, _ in elsewhere] == ["scores"]
    service.offload = None
    assert training.evaluate_model(model, *rows, question="Q5") == scores


def test_numpys_whole_numbers_are_settings_too(store: Path, rows: Any) -> None:
    as_numpy = {"epochs": np.int64(2), "batch_size": np.int32(16)}
    assert outcome(sequential(), rows, **as_numpy) == outcome(sequential(), rows)
    assert entries(store) == 1
