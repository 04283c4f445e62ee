"""The trainer: equal jobs give equal numbers, hostile jobs give a sentence."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rnnlab import KitError, demos, make_order_task, service, training
from rnnlab.quiet import keras

from autograder.checks import MismatchError, Outcome
from autograder.engine import offload
from autograder.engine.run import start_engine
from autograder.engine.trainer import Trainer, parse_job
from autograder.engine.training_cache import Cache
from autograder.engine.wire import Channel, WireClosedError, WireError, decode
from autograder.engine.wire import encode as encode_frame
from autograder.models.encode import encode
from tests.support import lab_grading
from tests.support.plans import compile_plan

L = keras.layers
WIDTH, VOCAB, ROWS = 6, 9, 48
SETTINGS = {"epochs": 2, "batch_size": 16, "validation_split": 0.25, "seed": 42}
EMBEDDED = {"RNNLAB_REVIEWS": "embedded"}
ARGUMENTS = {**SETTINGS, "question": "Q5", "show": False}


def compiled(model: keras.Model, metrics: Any = ("accuracy",)) -> keras.Model:
    model.compile("adam", "binary_crossentropy", metrics=list(metrics))
    return model


def averaging(width: int = 5, metrics: Any = ("accuracy",)) -> keras.Model:
    layers = [L.Embedding(VOCAB, width, mask_zero=True), L.GlobalAveragePooling1D(), L.Dropout(0.3)]
    model = keras.Sequential([keras.Input((WIDTH,)), *layers, L.Dense(1, activation="sigmoid")])
    return compiled(model, metrics)


def recurrent() -> keras.Model:
    words = keras.Input((WIDTH,), name="tokens")
    vectors = L.Embedding(VOCAB, 3, mask_zero=True, name="look_up")(words)
    state = L.GRU(4, dropout=0.3, name="reader")(vectors)
    return compiled(keras.Model(words, L.Dense(1, "sigmoid", name="judge")(state), name="mine"))


def branching() -> keras.Model:
    words = keras.Input((WIDTH,))
    late, early = L.Dense(2), L.Dense(2)
    vectors = L.Embedding(VOCAB, 3)(words)
    pools = [early(L.GlobalMaxPooling1D()(vectors)), late(L.GlobalAveragePooling1D()(vectors))]
    return compiled(keras.Model(words, L.Dense(1, activation="sigmoid")(L.Concatenate()(pools))))


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    return make_order_task(ROWS, seed=1, vocab=VOCAB, length=WIDTH)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No results beside the notebook, and no work done elsewhere unless a test says so."""
    monkeypatch.setenv("RNNLAB_CACHE", "/dev/null/nowhere")
    monkeypatch.setattr(service, "offload", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def trainer(folder: Path) -> Trainer:
    return Trainer(service, Cache(folder))


@pytest.fixture
def asked(trainer: Trainer) -> list[dict[str, Any]]:
    """The jobs that go from the kit to the trainer."""
    sent: list[dict[str, Any]] = []

    def ask(job: dict[str, Any]) -> dict[str, Any]:
        sent.append(job)
        reply = trainer.reply(decode(encode_frame({"job": job}))["job"])
        return decode(encode_frame(reply))

    offload.install(service, ask)
    return sent


def job(model: keras.Model, rows: Any, **changed: Any) -> dict[str, Any]:
    full = {
        "task": "train",
        "model": encode(model),
        "after": None,
        "arrays": list(rows),
        "settings": SETTINGS,
    }
    return {**full, **changed}


def numbers(reply: dict[str, Any]) -> tuple[Any, list[bytes]]:
    return reply["facts"], [array.tobytes() for array in reply["arrays"]]


def weights(model: keras.Model) -> list[bytes]:
    return [array.tobytes() for array in model.get_weights()]


def trained(model: keras.Model, rows: Any) -> tuple[dict[str, list[float]], list[bytes]]:
    history = training.train_model(model, *rows, **ARGUMENTS)
    return history.history, weights(model)


def idle() -> SimpleNamespace:
    """A kit that can do no task."""
    return SimpleNamespace(TASKS={}, origin=service.origin, KitError=KitError)


def test_one_job_gives_the_same_bytes_twice(trainer: Trainer, tmp_path: Path, rows: Any) -> None:
    first = trainer.reply(job(averaging(), rows))
    again = Trainer(service, Cache(tmp_path / "other")).reply(job(averaging(), rows))
    assert numbers(first) == numbers(again)
    assert first["key"] == again["key"]


@pytest.mark.slow
@pytest.mark.parametrize("build", [averaging, recurrent, branching])
def test_the_trainer_agrees_with_a_plain_kernel_to_the_last_bit(
    build: Callable[[], keras.Model], rows: Any, asked: list[Any]
) -> None:
    elsewhere, here = build(), build()
    present = trained(elsewhere, rows)
    scores = training.evaluate_model(elsewhere, *rows, question="Q5")
    share = training.measure_accuracy(elsewhere, *rows)
    outputs = demos.forecast(elsewhere, rows[0])
    assert [item["task"] for item in asked] == ["train", "scores", "agreement", "outputs"]
    service.offload = None
    assert trained(here, rows) == present
    assert training.evaluate_model(here, *rows, question="Q5") == scores
    assert training.measure_accuracy(here, *rows) == share
    assert demos.forecast(here, rows[0]).tobytes() == outputs.tobytes()


def test_the_weights_that_arrive_belong_to_the_layers_that_get_them(rows: Any, asked: list[Any]) -> None:
    model = branching()
    trained(model, rows)
    assert np.allclose(model.predict(rows[0], verbose=0)[:, 0], demos.forecast(model, rows[0]))
    assert asked[-1]["task"] == "outputs"


def test_what_was_computed_is_not_computed_again_and_costs_the_same(
    trainer: Trainer, folder: Path, rows: Any
) -> None:
    first = trainer.reply(job(averaging(), rows))
    again = Trainer(idle(), Cache(folder)).reply(job(averaging(), rows))
    assert numbers(first) == numbers(again)
    assert first["cost_s"] == again["cost_s"] > 0


@pytest.mark.parametrize("fails", [False, True])
def test_a_job_costs_what_it_takes_by_the_clock(folder: Path, rows: Any, fails: bool) -> None:
    def slowly(*_: Any) -> service.Result:
        time.sleep(1.5)
        if fails:
            raise KitError("no")
        return service.Result({}, ())

    kit = SimpleNamespace(TASKS={"train": slowly}, origin=dict, KitError=KitError)
    costs = [Trainer(kit, Cache(folder)).reply(job(averaging(), rows))["cost_s"] for _ in range(2)]
    assert min(costs) >= 1.5
    assert (costs[0] == costs[1]) is not fails
    assert parse_job(job(averaging(), rows)).estimate_s > 1.5


@pytest.mark.slow
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda _: b"", lambda data: data[:-1] + b"?"])
def test_a_damaged_entry_is_computed_again(trainer: Trainer, folder: Path, rows: Any, damage: Any) -> None:
    first = trainer.reply(job(averaging(), rows))
    (path,) = folder.glob("*.entry")
    full = path.read_bytes()
    path.write_bytes(damage(full))
    computed = trainer.reply(job(averaging(), rows))
    assert numbers(computed) == numbers(first)
    stored = path.read_bytes()
    assert trainer.reply(job(averaging(), rows))["cost_s"] == computed["cost_s"]  # it was read
    assert path.read_bytes() == stored


def test_two_trainers_that_want_one_result_compute_it_once(folder: Path, rows: Any) -> None:
    begun, second = threading.Event(), threading.Event()
    runs: list[str] = []

    def slowly(*_: Any) -> service.Result:
        runs.append("run")
        begun.set()
        assert second.wait(30)
        time.sleep(0.5)  # the other one looks for the entry now
        return service.Result({}, (np.zeros(3, dtype=np.float32),))

    kit = SimpleNamespace(TASKS={"train": slowly}, origin=dict, KitError=KitError)
    replies: list[dict[str, Any]] = []
    description = job(averaging(), rows)
    threads = [
        threading.Thread(target=lambda: replies.append(Trainer(kit, Cache(folder)).reply(description)))
        for _ in range(2)
    ]
    threads[0].start()
    assert begun.wait(30)
    threads[1].start()
    second.set()
    for thread in threads:
        thread.join(30)
    assert runs == ["run"]
    assert numbers(replies[0]) == numbers(replies[1])


def other_jobs(rows: Any) -> dict[str, dict[str, Any]]:
    X, y = rows
    changed = X.copy()
    changed[0, 0] = (changed[0, 0] + 1) % VOCAB
    return {
        "a wider model": job(averaging(width=6), rows),
        "one word": job(averaging(), (changed, y)),
        "one label": job(averaging(), (X, np.concatenate([[1 - y[0]], y[1:]]))),
        "another type": job(averaging(), (X.astype(np.int64), y)),
        "another seed": job(averaging(), rows, settings={**SETTINGS, "seed": 43}),
        "more epochs": job(averaging(), rows, settings={**SETTINGS, "epochs": 3}),
        "batches": job(averaging(), rows, settings={**SETTINGS, "batch_size": 32}),
        "a split": job(averaging(), rows, settings={**SETTINGS, "validation_split": 0.5}),
    }


def test_whatever_decides_the_numbers_is_in_the_key(rows: Any) -> None:
    origin = service.origin()
    keys = [parse_job(item).key(origin) for item in (job(averaging(), rows), *other_jobs(rows).values())]
    assert len(set(keys)) == len(keys)
    assert parse_job(job(averaging(), rows)).key({**origin, "instructions": "SSE41"}) not in keys
    assert parse_job(job(averaging(), rows)).key(origin) == keys[0]


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda _: None,
    "a list": lambda one: [one],
    "a key to fetch": lambda one: {**one, "key": "a" * 64},
    "only a key": lambda _: {"key": "a" * 64},
    "a task of its own": lambda one: {**one, "task": "__class__"},
    "a task that is no text": lambda one: {**one, "task": ["train"]},
    "a training after another": lambda one: {**one, "after": "a" * 64},
    "scores of nothing": lambda one: {**one, "task": "scores", "settings": {}},
    "a key that is a path": lambda one: {**one, "task": "scores", "settings": {}, "after": "../" + "a" * 61},
    "a key that was never made": lambda one: {**one, "task": "scores", "settings": {}, "after": "0" * 64},
    "another model": lambda one: {**one, "model": {"class_name": "Sequential", "config": {}}},
    "no arrays": lambda one: {**one, "arrays": []},
    "one array too many": lambda one: {**one, "arrays": [*one["arrays"], one["arrays"][0]]},
    "arrays of text": lambda one: {**one, "arrays": [np.array(["a"] * ROWS), one["arrays"][1]]},
    "arrays of objects": lambda one: {**one, "arrays": [np.array([None] * ROWS), one["arrays"][1]]},
    "lists": lambda one: {**one, "arrays": [one["arrays"][0].tolist(), one["arrays"][1]]},
    "a single number": lambda one: {**one, "arrays": [np.array(3), np.array(4)]},
    "fewer labels": lambda one: {**one, "arrays": [one["arrays"][0], one["arrays"][1][:-1]]},
    "no rows": lambda one: {**one, "arrays": [array[:0] for array in one["arrays"]]},
    "too many rows": lambda one: {**one, "arrays": [np.zeros((25_001, 1)), np.zeros(25_001)]},
    "too many bytes": lambda one: {**one, "arrays": [np.zeros((24, 2**19)), np.zeros(24)]},
    "endless epochs": lambda one: with_setting(one, epochs=21),
    "no epochs": lambda one: with_setting(one, epochs=0),
    "true epochs": lambda one: with_setting(one, epochs=True),
    "tiny batches": lambda one: with_setting(one, batch_size=1),
    "huge batches": lambda one: with_setting(one, batch_size=2**40),
    "a batch of a float": lambda one: with_setting(one, batch_size=16.0),
    "nothing to train on": lambda one: with_setting(one, validation_split=1.0),
    "no number": lambda one: with_setting(one, validation_split=float("nan")),
    "a negative seed": lambda one: with_setting(one, seed=-1),
    "callbacks": lambda one: with_setting(one, callbacks=["open"]),
    "fewer settings": lambda one: {**one, "settings": {"epochs": 1}},
}


def with_setting(one: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**one, "settings": {**one["settings"], **changed}}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_job_is_refused_with_a_sentence(name: str, folder: Path, rows: Any) -> None:
    reply = Trainer(idle(), Cache(folder)).reply(HOSTILE[name](job(averaging(), rows)))
    assert list(reply) == ["refused"]
    assert 10 < len(reply["refused"]) < 300
    assert list(folder.glob("*.entry")) == []


def line(*layers: Any) -> keras.Model:
    return compiled(keras.Sequential([keras.Input((WIDTH,)), *layers]))


def forked() -> keras.Model:
    words = keras.Input((WIDTH,))
    return compiled(keras.Model(words, [L.Dense(1)(words), L.Dense(2)(words)]))


REFUSED_MODELS: dict[str, Callable[[], keras.Model]] = {
    "too many parameters": lambda: line(L.Dense(2_000), L.Dense(1_000)),
    "too many numbers in a batch": lambda: line(L.RepeatVector(600_000), L.GlobalMaxPooling1D()),
    "too much work": lambda: line(L.RepeatVector(300_000), L.SimpleRNN(2)),
    "not compiled": lambda: keras.Sequential([keras.Input((WIDTH,)), L.Dense(1)]),
    "two outputs": forked,
}


@pytest.mark.parametrize("name", REFUSED_MODELS)
def test_a_model_that_the_trainer_does_not_take_on_is_refused(name: str, folder: Path, rows: Any) -> None:
    reply = Trainer(idle(), Cache(folder)).reply(job(REFUSED_MODELS[name](), rows))
    assert list(reply) == (["refused", "review"] if name.startswith("too") else ["refused"])


def test_in_a_check_a_limit_of_ours_is_no_mistake_of_the_student(trainer: Trainer, rows: Any) -> None:
    offload.install(service, trainer.reply, trusted=True)
    with pytest.raises(MismatchError, match="is too large") as caught:
        training.train_model(line(L.Dense(2_000), L.Dense(1_000)), *rows, **ARGUMENTS)
    assert caught.value.outcome is Outcome.REVIEW


def test_whatever_the_kit_raises_is_a_sentence_and_the_trainer_goes_on(folder: Path, rows: Any) -> None:
    def broken(*_: Any) -> Any:
        raise AttributeError("size")

    kit = SimpleNamespace(TASKS={"train": broken}, origin=dict, KitError=KitError)
    trainer = Trainer(kit, Cache(folder))
    for _ in range(2):
        reply = trainer.reply(job(averaging(), rows))
        assert reply["failed"] == "Keras stopped with AttributeError."
        assert reply["cost_s"] > 0


@pytest.mark.slow
def test_the_weights_of_another_model_cannot_be_used(trainer: Trainer, rows: Any) -> None:
    mine, theirs = (trainer.reply(job(averaging(width), rows)) for width in (5, 6))
    use = {"task": "scores", "settings": {}}
    assert "refused" in trainer.reply(job(averaging(5), rows, after=theirs["key"], **use))
    done = trainer.reply(job(averaging(5), rows, after=mine["key"], **use))
    assert set(done["facts"]["scores"]) == {"loss", "accuracy"}
    assert "refused" in trainer.reply(job(averaging(5), rows, after=done["key"], **use))


def test_a_training_that_keras_cannot_do_fails_with_its_sentence(rows: Any, asked: list[Any]) -> None:
    model = compiled(keras.Sequential([keras.Input((WIDTH,)), L.Dense(3)]))
    with pytest.raises(KitError, match="Keras could not train this model: ") as elsewhere:
        trained(model, rows)
    service.offload = None
    with pytest.raises(KitError) as here:
        trained(model, rows)
    assert len(asked) == 1
    assert str(elsewhere.value) == str(here.value)


def test_a_refused_job_is_done_in_the_submissions_process(rows: Any, asked: list[Any]) -> None:
    small_batches = {**ARGUMENTS, "batch_size": 8}
    model = averaging()
    history = training.train_model(model, *rows, **small_batches)
    assert len(asked) == 1
    assert len(history.history["loss"]) == SETTINGS["epochs"]
    training.evaluate_model(model, *rows, question="Q5")
    assert len(asked) == 1


def test_a_refused_job_is_not_done_in_the_graders_process(trainer: Trainer, rows: Any) -> None:
    offload.install(service, trainer.reply, trusted=True)
    with pytest.raises(KitError, match="batch_size has a value that the trainer does not accept"):
        training.train_model(averaging(), *rows, **{**ARGUMENTS, "batch_size": 8})


def test_a_model_with_a_layer_of_the_students_own_stays_where_it_is(rows: Any, asked: list[Any]) -> None:
    class Doubled(L.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    layers = [keras.Input((WIDTH,)), L.Embedding(VOCAB, 2), Doubled(), L.Flatten()]
    trained(compiled(keras.Sequential([*layers, L.Dense(1, activation="sigmoid")])), rows)
    assert asked == []


def test_weights_that_were_changed_are_used_where_they_are(rows: Any, asked: list[Any]) -> None:
    model = averaging()
    fresh = training.evaluate_model(model, *rows, question="Q5")
    trained(model, rows)
    model.set_weights([array + 1 for array in model.get_weights()])
    changed = training.evaluate_model(model, *rows, question="Q5")
    assert [item["task"] for item in asked] == ["train"]
    assert changed != fresh


@pytest.mark.slow
@pytest.mark.parametrize(
    "metrics", [["acc"], ["accuracy", "mae"], [keras.metrics.BinaryAccuracy(name="mine")], ["mse", "acc"]]
)
def test_the_history_has_the_names_of_the_students_own_metrics(
    metrics: list[Any], rows: Any, asked: list[Any]
) -> None:
    present = trained(averaging(metrics=metrics), rows)
    service.offload = None
    assert present == trained(averaging(metrics=metrics), rows)
    assert len(asked) == 1


def test_what_cannot_cross_the_wire_is_done_here_and_a_closed_wire_is_not_hidden(rows: Any) -> None:
    def too_large(_: Any) -> Any:
        raise WireError("a frame of 70,000,000 bytes; 67,108,864 are allowed")

    def closed(_: Any) -> Any:
        raise WireClosedError("the other end closed the wire")

    present = trained(averaging(), rows)
    offload.install(service, too_large)
    assert trained(averaging(), rows) == present
    offload.install(service, closed)
    with pytest.raises(WireClosedError):
        trained(averaging(), rows)


def test_the_process_serves_until_the_wire_is_closed(tmp_path: Path, rows: Any) -> None:
    ours, theirs = socket.socketpair()
    options = {"service": "rnnlab.service", "cache": str(tmp_path / "cache")}
    command = (
        "import socket, sys; import rnnlab; from autograder.engine import trainer;"
        f"trainer.main(socket.socket(fileno=int(sys.argv[1])), {options!r})"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", command, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env=environment,
        stderr=subprocess.PIPE,
    )
    theirs.close()
    channel = Channel(ours)
    replies = []
    for message in ({"job": job(averaging(), rows)}, {}, {"job": {"task": "train"}}):
        channel.send(message, timeout_s=60)
        replies.append(channel.receive(timeout_s=60))
    ours.close()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert [next(iter(reply)) for reply in replies] == ["facts", "refused", "refused"]
    fresh = averaging()
    assert [array.shape for array in replies[0]["arrays"]] == [weight.shape for weight in fresh.weights]


@pytest.mark.slow
def test_a_job_that_looks_cheap_and_runs_long_is_stopped_and_the_next_one_done(
    tmp_path: Path, rows: Any
) -> None:
    X, y = rows
    states = [L.Bidirectional(L.LSTM(1, return_sequences=True)) for _ in range(190)]
    model = keras.Sequential([keras.Input((WIDTH, 1)), *states, L.Flatten(), L.Dense(1, "sigmoid")])
    long = job(compiled(model), (X[:, :, None].astype(np.float32), y), settings={**SETTINGS, "epochs": 1})
    assert parse_job(long).estimate_s < 5
    plan = replace(compile_plan(lab_grading.ASSIGNMENT), cache=tmp_path, environment=EMBEDDED)
    with start_engine(plan, workers=1) as engine:
        worker = engine.workers[0]
        done = worker.train(job(averaging(), rows), 60.0)
        begin = time.monotonic()
        stopped = worker.train(long, 6.0)
        took_s = time.monotonic() - begin
        again = worker.train(job(recurrent(), rows), 60.0)
    assert (done["cost_s"] > 0, again["cost_s"] > 0) == (True, True)
    assert stopped["refused"] == "the training takes longer than the 6 s that it is allowed"
    assert 6 <= took_s < 16
