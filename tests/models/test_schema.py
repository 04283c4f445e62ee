"""Every layer, optimizer, loss and metric of the tables crosses with all its settings."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autograder.models import schema
from autograder.models.encode import reported_metric_names
from autograder.models.rebuild import build
from autograder.models.shapes import compute_call_stats, count_parameters
from tests.models.test_description import STEPS, WIDTH, L, described, functional

CHAINS: list[Callable[[], list[keras.Layer]]] = [
    lambda: [L.SimpleRNN(5, use_bias=False, kernel_regularizer="l2", go_backwards=True)],
    lambda: [L.GRU(5, reset_after=False, return_sequences=True, recurrent_dropout=0.1), L.Flatten()],
    lambda: [L.LSTM(5, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False)],
    lambda: [L.Bidirectional(L.GRU(5, return_sequences=True)), L.Bidirectional(L.LSTM(2), merge_mode="sum")],
    lambda: [L.TimeDistributed(L.Dense(7, "relu")), L.GlobalMaxPooling1D(keepdims=True), L.Reshape((7,))],
    lambda: [L.Conv1D(8, 3, strides=2, groups=2), L.MaxPooling1D(2, padding="same"), L.Flatten()],
    lambda: [L.Conv1D(6, 5, padding="causal", dilation_rate=2), L.AveragePooling1D(3, strides=2)],
    lambda: [L.SpatialDropout1D(0.3), L.GlobalAveragePooling1D(), L.RepeatVector(3), L.Permute((2, 1))],
    lambda: [L.BatchNormalization(scale=False), L.LayerNormalization(), L.UnitNormalization(axis=[1, 2])],
    lambda: [L.Masking(0.0), L.GRU(4), L.Activation("softplus"), L.Softmax(), L.Identity()],
    lambda: [L.ReLU(max_value=6.0), L.LeakyReLU(0.1), L.ELU(0.5), L.GaussianNoise(0.1)],
    lambda: [L.GaussianDropout(0.1), L.Rescaling(2.0, offset=1), L.Reshape((-1, 8))],
    lambda: [L.Dropout(0.2), L.Dense(3, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2))],
]


def test_the_chains_hold_every_layer_that_reads_one_tensor() -> None:
    held = {type(layer).__name__ for chain in CHAINS for layer in chain()}
    merging = {"Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum"}
    assert held == schema.LAYERS.keys() - merging - {"InputLayer", "Embedding"}


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: type(chain()[0]).__name__)
def test_shapes_parameters_and_settings_are_those_of_keras(chain: Callable[[], list[keras.Layer]]) -> None:
    model = keras.Sequential([keras.Input((STEPS, WIDTH)), *chain()])
    present = described(model)
    built = build(present, seed=1)
    assert count_parameters(present) == model.count_params() == built.count_params()
    assert compute_call_stats(present)[-1].shape == model.output_shape[1:] == built.output_shape[1:]
    assert [type(layer) for layer in built.layers] == [type(layer) for layer in model.layers]
    for ours, theirs in zip(built.layers, model.layers, strict=True):
        assert settings_of(ours) == settings_of(theirs)


def settings_of(layer: keras.Layer) -> dict[str, Any]:
    """A layer's own config without what does not cross."""
    if hasattr(layer, "forward_layer"):
        return settings_of(layer.forward_layer) | {"merge_mode": layer.merge_mode}
    if hasattr(layer, "layer"):
        return settings_of(layer.layer)
    ignored = ("name", "seed", "build_config")
    return {
        name: value
        for name, value in layer.get_config().items()
        if name not in ignored and not name.endswith("initializer")
    }


OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "SGD": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
    "RMSprop": lambda: keras.optimizers.RMSprop(rho=0.8, centered=True),
    "Adam": lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)),
    "AdamW": lambda: keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.01, 100)),
    "Nadam": lambda: keras.optimizers.Nadam(beta_1=0.8, weight_decay=0.01),
    "Adamax": lambda: keras.optimizers.Adamax(epsilon=1e-6),
    "Adagrad": lambda: keras.optimizers.Adagrad(initial_accumulator_value=0.2),
    "Adadelta": lambda: keras.optimizers.Adadelta(0.5),
    "Lion": lambda: keras.optimizers.Lion(clipvalue=0.5),
}


@pytest.mark.parametrize("kind", schema.OPTIMIZERS)
def test_an_optimizer_keeps_its_class_and_numbers(kind: str) -> None:
    optimizer = OPTIMIZERS[kind]()
    built = build(described(functional(optimizer=optimizer)), seed=1).optimizer
    assert type(built) is type(optimizer)
    assert without_name(built.get_config()) == without_name(optimizer.get_config())


LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "BinaryCrossentropy": lambda: keras.losses.BinaryCrossentropy(label_smoothing=0.1),
    "SparseCategoricalCrossentropy": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "Huber": lambda: keras.losses.Huber(2.0, reduction="sum"),
    "BinaryFocalCrossentropy": lambda: keras.losses.BinaryFocalCrossentropy(alpha=0.3),
}


@pytest.mark.parametrize("kind", schema.LOSSES)
def test_a_loss_keeps_its_class_and_settings(kind: str) -> None:
    loss = LOSSES.get(kind, getattr(keras.losses, kind))()
    built = build(described(functional(loss=loss)), seed=1).loss
    assert type(built) is type(loss)
    assert without_name(built.get_config()) == without_name(loss.get_config())


@pytest.mark.parametrize("kind", sorted(schema.METRICS.keys() - {schema.ACCURACY}))
def test_every_metric_crosses(kind: str) -> None:
    (metric,) = build(
        described(functional(metrics=[getattr(keras.metrics, kind)()])), seed=1
    )._compile_config.config["metrics"]
    assert type(metric) is getattr(keras.metrics, kind)


def without_name(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "name"}


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
    assert present.compile_config is not None
    assert present.compile_config.metric_names == ("auc", "precision", "mae", "accuracy", "accuracy_4")
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
    built = build(present, seed=1)
    assert built.loss.__name__ == "own_loss"
    assert type(built.optimizer) not in vars(keras.optimizers).values()
    with pytest.raises(ValueError, match=r"own_loss is not one of keras\.losses"):
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


@pytest.mark.parametrize(
    "argument", [{"multi_label": True}, {"thresholds": [0.2, 0.8]}, {"dtype": "float64"}]
)
def test_a_metric_with_a_setting_of_no_table_is_foreign(argument: dict[str, Any]) -> None:
    present = described(functional(metrics=[keras.metrics.AUC(**argument)]))
    assert present.compile_config is not None
    assert (present.compile_config.metrics, present.compile_config.unsupported) == ((), (("metric", "AUC"),))
