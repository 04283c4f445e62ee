"""How a model is compiled crosses too: every optimizer, loss and metric of Keras, with its settings."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest

from autograder.checks.canonical import SHARED_ACTIVATIONS
from autograder.models import catalog
from autograder.models.description import metric_names
from autograder.models.encode_compile import reported_metric_names
from autograder.models.rebuild import build
from tests.models.test_description import STEPS, compiled, described, functional

L = keras.layers
REQUIRED: dict[str, Any] = {
    "initial_learning_rate": 0.01,
    "decay_steps": 100,
    "first_decay_steps": 50,
    "decay_rate": 0.9,
    "boundaries": [10, 20],
    "values": [0.1, 0.05, 0.01],
    "num_classes": 3,
    "target_class_ids": [0, 2],
    "precision": 0.5,
    "recall": 0.5,
    "sensitivity": 0.5,
    "specificity": 0.5,
}
"""Values for arguments that have no default."""

OTHER_TEXTS = ("sum", "PR", "minoring", "macro", "variance_weighted_average", "columns", "fan_out", "uniform")
UNREADABLE = {
    ("AUC", "label_weights"): "needs several labels",
    ("AUC", "num_labels"): "needs several labels",
}
"""Arguments that Keras takes only together with others."""


def config_of(value: Any) -> dict[str, Any]:
    """Return the settings of an object; the seed and the name do not cross."""
    return {key: text for key, text in value.get_config().items() if key not in ("name", "seed", "dtype")}


def variants(family: str, name: str) -> list[tuple[str, Any]]:
    """Return an object with its defaults, then one for each argument off its default."""
    kind, parameters = catalog.find(family, name), catalog.parameters_of(family, name)
    given = {
        parameter.name: REQUIRED[parameter.name]
        for parameter in parameters.values()
        if parameter.default is parameter.empty
    }
    made = [("", kind(**given))]
    for parameter in parameters.values():
        if parameter.default is parameter.empty or (name, parameter.name) in UNREADABLE:
            continue
        for value in others(parameter.default):
            try:
                made.append((parameter.name, kind(**{**given, parameter.name: value})))
            except (ValueError, TypeError, AssertionError):
                continue  # Keras itself refuses the value
            break
    return made


def others(default: Any) -> list[Any]:
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, (int, float)):
        return [default * 0.5 + 0.1, default + 1]
    if isinstance(default, str):
        return list(OTHER_TEXTS)
    if isinstance(default, tuple):
        return [[1]]
    return [0.5, 2, "macro", True] if default is None else []


@pytest.mark.parametrize("name", sorted(catalog.NAMES["optimizers"]))
def test_an_optimizer_keeps_its_class_and_settings(name: str) -> None:
    for argument, optimizer in variants("optimizers", name):
        built = build(described(functional(optimizer=optimizer)), seed=1).optimizer
        assert type(built) is type(optimizer), argument
        assert config_of(built) == config_of(optimizer), argument


@pytest.mark.parametrize("name", sorted(catalog.NAMES["schedules"]))
def test_a_schedule_keeps_its_class_and_settings(name: str) -> None:
    for argument, schedule in variants("schedules", name):
        model = functional(optimizer=keras.optimizers.SGD(schedule))
        built = build(described(model), seed=1).optimizer._learning_rate
        assert type(built) is type(schedule), argument
        assert config_of(built) == config_of(schedule), argument


@pytest.mark.parametrize("name", sorted(catalog.NAMES["losses"]))
def test_a_loss_keeps_its_class_and_settings(name: str) -> None:
    for argument, loss in variants("losses", name):
        built = build(described(functional(loss=loss)), seed=1).loss
        assert type(built) is type(loss), argument
        assert config_of(built) == config_of(loss), argument


@pytest.mark.parametrize("name", sorted(catalog.NAMES["metrics"]))
def test_a_metric_keeps_its_class_and_settings(name: str) -> None:
    for argument, metric in variants("metrics", name):
        (built,) = build(described(functional(metrics=[metric])), seed=1)._compile_config.config["metrics"]
        assert type(built) is type(metric), argument
        assert config_of(built) == config_of(metric), argument


@pytest.mark.parametrize(
    ("family", "argument"),
    [
        ("regularizers", "kernel_regularizer"),
        ("constraints", "kernel_constraint"),
        ("initializers", "kernel_initializer"),
    ],
)
def test_what_a_layer_is_given_keeps_its_class_and_settings(family: str, argument: str) -> None:
    for name in sorted(catalog.NAMES[family]):
        for setting, value in variants(family, name):
            layers = [keras.Input((4,)), L.Dense(4, **{argument: value})] if name != "STFT" else []
            if layers:
                built = build(described(keras.Sequential(layers)), seed=1)
                other = getattr(built.layers[0], argument)
                assert type(other) is type(value), (name, setting)
                assert config_of(other) == config_of(value), (name, setting)


@pytest.mark.parametrize("name", sorted(catalog.NAMES["activations"] - {"glu"}))
def test_an_activation_comes_back_in_every_spelling(name: str) -> None:
    spellings = [name, getattr(keras.activations, name)]
    if name in SHARED_ACTIVATIONS:
        spellings.append(getattr(keras.ops, name))
    keys = set()
    for spelling in spellings:
        model = described(keras.Sequential([keras.Input((4,)), L.Dense(4, activation=spelling)]))
        assert build(model, seed=1).layers[0].activation is getattr(keras.activations, name)
        keys.add(model.key())
    assert len(keys) == 1


def test_metrics_keep_their_settings_and_have_names_of_their_own() -> None:
    metrics = [
        keras.metrics.AUC(num_thresholds=50, curve="PR", name="area"),
        keras.metrics.Precision(thresholds=[0.3, 0.6]),
        "mae",
        keras.metrics.BinaryAccuracy(threshold=0.7),
        "accuracy",
    ]
    model = functional(metrics=metrics)
    present = described(model)
    assert metric_names(present) == ("auc", "precision", "mae", "accuracy", "accuracy_4")
    own_part = reported_metric_names(model)
    assert own_part == ("area", metrics[1].name, "mae", "binary_accuracy", "accuracy")
    area, precision, *_ = build(present, seed=1)._compile_config.config["metrics"]
    assert (area.num_thresholds, area.curve.value, precision.thresholds) == (50, "PR", [0.3, 0.6])


def test_accuracy_of_several_classes_is_left_to_keras() -> None:
    model = keras.Sequential([keras.Input((5,)), L.Dense(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    built = build(described(model), seed=1)
    history = built.fit(np.ones((6, 5)), np.arange(6) % 3, verbose=0).history
    assert set(history) == {"loss", "accuracy"}


def test_what_is_not_of_keras_in_compile_is_named_and_never_trained() -> None:
    def own_loss(y_true: Any, y_pred: Any) -> Any:
        return (y_true - y_pred) ** 2

    class OwnOptimizer(keras.optimizers.Adam):
        pass

    model = functional(
        loss=own_loss, optimizer=OwnOptimizer(), metrics=["mae", own_loss], loss_weights=["accuracy"]
    )
    present = described(model)
    assert present.compile_config is not None
    assert present.compile_config.unsupported == (
        ("loss", "own_loss"),
        ("metric", "own_loss"),
        ("loss_weights", "loss_weights"),
        ("optimizer", "OwnOptimizer"),
    )
    assert present.compile_config.own_code == ("loss", "metric", "optimizer")
    built = build(present, seed=1)
    assert built.loss.__name__ == "own_loss"
    assert type(built.optimizer) not in vars(keras.optimizers).values()
    with pytest.raises(NotImplementedError):
        built.fit(np.ones((4, STEPS)), np.ones(4), verbose=0)


def test_metrics_in_the_place_of_loss_weights_stop_training_as_in_keras() -> None:
    present = described(functional(loss="binary_crossentropy", loss_weights=["accuracy"]))
    assert present.compile_config is not None
    assert present.compile_config.unsupported == (("loss_weights", "loss_weights"),)
    built = build(present, seed=1)
    assert described(built).compile_config == present.compile_config
    with pytest.raises(ValueError, match="string"):
        built.fit(np.ones((4, STEPS)), np.ones(4), verbose=0)


@pytest.mark.parametrize("weights", [0.5, [1], {"out": 2.0}])
def test_weights_of_the_only_loss_change_nothing(weights: object) -> None:
    present = described(functional(loss="binary_crossentropy", loss_weights=weights))
    assert present.compile_config is not None
    assert present.compile_config.unsupported == ()


@pytest.mark.parametrize("loss", [["bce"], {"out": "binary_crossentropy"}, "Binary_Crossentropy".lower()])
def test_a_list_or_dict_of_one_loss_is_that_loss(loss: Any) -> None:
    source = keras.Input((STEPS,))
    model = keras.Model(source, L.Dense(1, name="out")(source))
    other = keras.Model(source, L.Dense(1)(source))
    assert described(compiled(model, loss=loss)).key() == described(compiled(other)).key()


def test_every_public_class_of_a_family_is_listed_or_left_out_for_a_reason() -> None:
    from tools.list_keras_names import LEFT_OUT

    for family in (
        "optimizers",
        "losses",
        "metrics",
        "schedules",
        "regularizers",
        "constraints",
        "initializers",
    ):
        listed = {catalog.find(family, name) for name in catalog.NAMES[family]}
        for name, value in vars(catalog.MODULES[family]).items():
            if inspect.isclass(value) and value not in listed:
                assert value.__name__ in LEFT_OUT, (family, name)
