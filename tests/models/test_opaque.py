"""Code of the student's own: what Keras' layers alone decide is decided, everything else is for a person."""

from collections.abc import Callable
from typing import Any

import keras
import msgspec
import pytest

from autograder import checks
from autograder.checks import MismatchError, Outcome
from autograder.engine import offload, wire
from autograder.models.description import MAX_AXES, ModelRefusedError
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build
from autograder.models.sizes import measure

K, L = keras.ops, keras.layers
PASSED, FAILED, REVIEW = Outcome.PASSED, Outcome.FAILED, Outcome.REVIEW

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class LastStep(L.Layer):
    def call(self, x: Any) -> Any:
        return x[:, -1, :]


class Attention(L.Layer):
    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], 1))

    def call(self, x: Any) -> Any:
        return K.sum(K.softmax(K.matmul(x, self.w), axis=1) * x, axis=1)


class TwoParts(L.Layer):
    def call(self, x: Any) -> Any:
        return x, x


class OwnLSTM(L.LSTM):
    pass


class OwnAdam(keras.optimizers.Adam):
    pass


class Block(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(4)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def own_activation(x: Any) -> Any:
    return 1 / (1 + K.exp(-x))


def own_loss(y_true: Any, y_pred: Any) -> Any:
    return K.mean((y_true - y_pred) ** 2)


def network(middle: Callable[[Any], Any], **settings: Any) -> keras.Model:
    source = keras.Input((9,))
    model = keras.Model(source, middle(L.Embedding(30, 5, mask_zero=True)(source)))
    model.compile(**{"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"], **settings})
    return model


def crossed(model: keras.Model) -> keras.Model:
    return build(parse(wire.decode(wire.encode({"model": encode(model)}))["model"]), seed=1)


def on_the_wire(model: keras.Model) -> dict[str, Any]:
    """Return a description that can be changed."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(encode(model)))
    return plain


def output(x: Any) -> Any:
    return L.Dense(1, activation="sigmoid")(x)


def steps(x: Any) -> Any:
    return L.LSTM(4, return_sequences=True)(x)


CHECKS: dict[str, Callable[[keras.Model], None]] = {
    "input": lambda model: checks.input_shape(model, (None, 9)),
    "mask": lambda model: checks.setting(model, L.Embedding, "mask_zero", True),
    "layers": lambda model: checks.layers(model, [L.Embedding, L.LSTM, L.Dense]),
    "units": lambda model: checks.setting(model, L.LSTM, "units", 4),
    "counts": lambda model: checks.params(model, [150, 160, 5]),
    "total": lambda model: checks.params(model, 315),
    "output": lambda model: checks.output(model, (None, 1), activation="sigmoid"),
    "range": lambda model: checks.output_range(model, 0, 1),
    "compiled": lambda model: checks.compiled(
        model, loss="binary_crossentropy", optimizer="adam", metric="accuracy"
    ),
}
OPAQUE = {"layers": REVIEW, "counts": REVIEW, "total": REVIEW, "output": REVIEW, "range": REVIEW}
CASES: dict[str, tuple[Callable[[], keras.Model], dict[str, Outcome]]] = {
    "a Lambda layer": (lambda: network(lambda x: output(L.Lambda(lambda t: t[:, -1])(steps(x)))), OPAQUE),
    "an own layer": (lambda: network(lambda x: output(LastStep()(steps(x)))), OPAQUE),
    "an own layer with weights": (lambda: network(lambda x: output(Attention()(steps(x)))), OPAQUE),
    "an own layer that returns two tensors": (
        lambda: network(lambda x: output(L.LSTM(4)(TwoParts()(x)[1]))),
        OPAQUE,
    ),
    "a subclass of the layer": (
        lambda: network(lambda x: output(OwnLSTM(4)(x))),
        {**OPAQUE, "units": REVIEW},
    ),
    "an own activation": (
        lambda: network(lambda x: L.Dense(1, activation=own_activation)(L.LSTM(4)(x))),
        OPAQUE,
    ),
    "an own layer in a layer": (
        lambda: network(lambda x: output(L.LSTM(4)(L.TimeDistributed(L.Lambda(abs))(x)))),
        OPAQUE,
    ),
    "an own model inside": (lambda: network(lambda x: output(Block()(L.LSTM(4)(x)))), OPAQUE),
    "an own layer beside another recurrent one": (
        lambda: network(lambda x: output(L.Lambda(lambda t: t)(L.GRU(4)(x)))),
        {**OPAQUE, "layers": FAILED, "counts": FAILED, "units": REVIEW},
    ),
    "an own layer before the wrong activation": (
        lambda: network(lambda x: L.Dense(1)(LastStep()(steps(x)))),
        {**OPAQUE, "output": FAILED},
    ),
    "an own loss": (lambda: network(lambda x: output(L.LSTM(4)(x)), loss=own_loss), {"compiled": REVIEW}),
    "an own optimizer": (
        lambda: network(lambda x: output(L.LSTM(4)(x)), optimizer=OwnAdam()),
        {"compiled": REVIEW},
    ),
    "an own metric": (
        lambda: network(lambda x: output(L.LSTM(4)(x)), metrics=[own_loss]),
        {"compiled": REVIEW},
    ),
    "an own metric besides the usual one": (
        lambda: network(lambda x: output(L.LSTM(4)(x)), metrics=["accuracy", own_loss]),
        {},
    ),
    "an own optimizer with the wrong loss": (
        lambda: network(lambda x: output(L.LSTM(4)(x)), optimizer=OwnAdam(), loss="mse"),
        {"compiled": FAILED},
    ),
    "a loss that Keras does not know": (
        lambda: network(lambda x: output(L.LSTM(4)(x)), loss="nonsense"),
        {"compiled": FAILED},
    ),
    "a function of Keras that may change nothing": (
        lambda: network(lambda x: output(K.multiply(L.LSTM(4)(x), 1.0))),
        {"layers": REVIEW},
    ),
    "a function of Keras in place of a layer": (
        lambda: network(lambda x: output(K.mean(x, axis=1))),
        {"layers": FAILED, "units": FAILED, "counts": FAILED, "total": FAILED},
    ),
}


def outcome(check: Callable[[keras.Model], None], model: keras.Model) -> Outcome:
    try:
        check(model)
    except MismatchError as mismatch:
        return mismatch.outcome
    return PASSED


@pytest.mark.parametrize("case", CASES)
def test_a_model_with_own_code_is_decided_as_far_as_keras_alone_decides_it(case: str) -> None:
    make, expected = CASES[case]
    model = crossed(make())
    actual = {name: outcome(check, model) for name, check in CHECKS.items()}
    assert {name: result for name, result in actual.items() if result is not PASSED} == expected


@pytest.mark.parametrize("case", [case for case, (_, expected) in CASES.items() if "range" in expected])
def test_in_the_students_own_process_such_a_model_runs(case: str) -> None:
    make, _ = CASES[case]
    if case != "an own layer before the wrong activation":
        assert outcome(CHECKS["range"], make()) is PASSED
    assert outcome(CHECKS["mask"], make()) is PASSED


@pytest.mark.parametrize("case", ["an own layer", "an own loss", "an own optimizer", "an own metric"])
def test_the_grader_trains_no_model_with_own_code(case: str) -> None:
    class Kit:
        class KitError(ValueError):
            """Never raised here."""

    def never(_job: Any) -> Any:
        raise AssertionError("the trainer was asked")

    offload.install(Kit, never, trusted=True)
    with pytest.raises(MismatchError) as mismatch:
        Kit.offload("train", crossed(CASES[case][0]()), [], {})  # type: ignore[attr-defined]
    assert mismatch.value.outcome is REVIEW


def test_the_name_of_a_part_is_a_value_that_hidden_checks_leave_out() -> None:
    model = crossed(CASES["an own layer with weights"][0]())
    for check in CHECKS:
        if CASES["an own layer with weights"][1].get(check) is REVIEW:
            with pytest.raises(MismatchError) as mismatch:
                CHECKS[check](model)
            assert "Attention" in str(mismatch.value)
            assert "Attention" not in str(mismatch.value.without_values())


def test_nothing_is_allocated_for_what_an_opaque_layer_declares() -> None:
    plain = on_the_wire(CASES["an own layer with weights"][0]())
    call = next(call for call in plain["calls"] if call[3])
    assert call[3] == [[[None, 4], "float32"]]
    assert measure(parse(plain)).parameters == 150 + 160 + 5
    call[3][0][0] = [None, 65_000]
    assert measure(parse(plain)).parameters == 150 + 160 + 65_001


@pytest.mark.parametrize(
    "declared",
    [
        [],
        [[[None, 4], "string"]],
        [[[None, 4.0], "float32"]],
        [[[None, 0], "float32"]],
        [[[None, 2**40], "float32"]],
        [[[None] * (MAX_AXES + 1), "float32"]],
        [[[None, "4"], "float32"]],
        [["None", "float32"]],
    ],
)
def test_a_forged_declaration_is_refused(declared: Any) -> None:
    plain = on_the_wire(CASES["an own layer"][0]())
    call = next(call for call in plain["calls"] if call[3])
    call[3] = declared
    with pytest.raises(ModelRefusedError):
        parse(plain)


def test_only_an_opaque_layer_declares_what_it_returns() -> None:
    plain = on_the_wire(network(lambda x: output(L.LSTM(4)(x))))
    plain["calls"][1] = [*plain["calls"][1][:3], [[[None, 9, 5], "float32"]]]
    with pytest.raises(ModelRefusedError):
        parse(plain)


def test_a_function_of_keras_that_may_take_the_last_step_is_left_to_a_person() -> None:
    for model in (made := network(lambda x: output(K.unstack(steps(x), axis=1)[-1])), crossed(made)):
        with pytest.raises(MismatchError) as mismatch:
            checks.recurrent(model, L.LSTM)
        assert mismatch.value.outcome is REVIEW
    with pytest.raises(MismatchError) as mismatch:
        checks.recurrent(network(lambda x: output(L.Flatten()(steps(x)))), L.LSTM)
    assert mismatch.value.outcome is FAILED
