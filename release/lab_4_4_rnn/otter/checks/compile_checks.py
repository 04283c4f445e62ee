"""Check what a Keras model was compiled with: loss, optimizer and metrics."""

import sys
from typing import Any

from .canonical import activation_of, is_own_code, keras
from .mismatch import MismatchError, review

DEFAULT_HINT = "The question leaves it as Keras sets it."


def compiled(model: Any, *, loss: str, optimizer: str = "", metric: str = "", hint: str = "") -> None:
    """Check what a model was compiled with, in any spelling that Keras accepts.

    Loss, optimizer and metric must have their default settings, e.g. the learning rate.

    Args:
        loss: e.g. ``"binary_crossentropy"``; a class, an object and a function pass alike.
        optimizer: e.g. ``"adam"``.
        metric: one that must be among the metrics, e.g. ``"accuracy"`` or ``"mae"``.
        hint: about the wrong loss.
    """
    require_model(model)
    if not model.compiled:
        raise MismatchError("the model is not compiled", hint="End the function with model.compile(…).")
    own = [part for part in (model.loss, model.optimizer) if is_own_code(part)]
    if _canonical("losses", model.loss) is not _canonical("losses", loss) and not is_own_code(model.loss):
        loss_name = model.loss
        for attribute in ("__name__", "name"):  # of a function or a class, of an object
            loss_name = getattr(model.loss, attribute, loss_name)
        raise MismatchError("the model is compiled with the wrong loss", loss_name, loss, hint)
    _require_default_loss(model)
    optimizer_type = type(model.optimizer)
    expected_optimizer = type(keras().optimizers.get(optimizer)) if optimizer else optimizer_type
    if optimizer_type is not expected_optimizer and not is_own_code(model.optimizer):
        problem = "the model is compiled with the wrong optimizer"
        raise MismatchError(problem, optimizer_type.__name__, optimizer)
    if optimizer and not is_own_code(model.optimizer):
        _raise_difference("optimizer", _difference(model.optimizer))
    if metric:
        _require_metric(model, metric)
    if own:
        raise review([getattr(part, "__name__", type(part).__name__) for part in own])


def require_model(value: Any) -> None:
    """Refuse what is no Keras model."""
    if "keras" not in sys.modules or not isinstance(value, keras().Model):
        raise MismatchError("the answer is not a Keras model", f"a {type(value).__name__}")


def _canonical(family: str, value: Any) -> Any:
    """Return one name for all spellings of a loss or metric; the value itself if unknown.

    Names are interned so that callers can compare by identity: ``==`` of an unknown object
    is code that is not ours.
    """
    module = getattr(keras(), family)
    if isinstance(value, str):
        try:
            value = module.get(value)
        except ValueError:  # a name that Keras does not know
            return value
    for name, member in vars(module).items():
        if member is value or (isinstance(member, type) and type(value) is member):
            return sys.intern(getattr(member, "__name__", name).replace("_", "").lower())
    return value


def _require_default_loss(model: Any) -> None:
    difference = _difference(model.loss)
    last = model.layers[-1] if model.layers else None
    has_activation = activation_of(getattr(last, "activation", None)) is not keras().activations.linear
    if difference and difference[0] == "from_logits" and has_activation:
        raise MismatchError(
            "the loss has from_logits=True, but the output already has an activation",
            hint="Apply the activation either in the model or in the loss, not in both.",
        )
    _raise_difference("loss", difference)


def _require_metric(model: Any, expected: str) -> None:
    # Keras offers no public view of the metrics before the model is trained.
    metrics = _flatten_metrics(model._compile_config.config["metrics"])
    name = _metric_name(expected, model)
    differences = [_difference(metric) for metric in metrics if _metric_name(metric, model) is name]
    own = list(filter(is_own_code, metrics))
    if own and not differences:
        raise review([getattr(part, "__name__", type(part).__name__) for part in own])
    if not differences:
        raise MismatchError(
            "the model does not report the metric that the lab uses",
            expected=f"metrics=[{expected!r}]",
            hint="Name it in model.compile(…).",
        )
    if None not in differences:
        _raise_difference("metric", differences[0])


_ACCURACIES = {
    "sparsecategoricalcrossentropy": "sparse_categorical_accuracy",
    "categoricalcrossentropy": "categorical_accuracy",
}
"""What the word "accuracy" stands for, by loss; the class ``Accuracy`` compares floats and is another."""


def _metric_name(metric: Any, model: Any) -> Any:
    if isinstance(metric, str) and metric.lower() in ("acc", "accuracy"):
        metric = _ACCURACIES.get(str(_canonical("losses", model.loss)), "binary_accuracy")
    return _canonical("metrics", metric)


def _difference(actual: Any) -> tuple[str, Any, Any] | None:
    """Return the first setting of a Keras object that is not its default: name, value and default.

    A name, a class and a function stand for an object with its defaults.
    """
    kinds = (keras().losses.Loss, keras().metrics.Metric, keras().Optimizer)
    if is_own_code(actual) or not isinstance(actual, kinds):
        return None
    config = actual.get_config()
    for name, default in type(actual)().get_config().items():
        value = config.get(name)
        # The means differ only where samples have weights.
        is_mean = name == "reduction" and str(value).startswith("mean")
        if name not in ("name", "dtype") and value != default and not is_mean:
            return name, value, default
    return None


def _raise_difference(what: str, difference: tuple[str, Any, Any] | None) -> None:
    if difference:
        name, value, default = difference
        if isinstance(value, float) and isinstance(default, float):
            value, default = float(f"{value:.6g}"), float(f"{default:.6g}")  # stored in 32 bits
        raise MismatchError(f"{name} of the {what} has a different value", value, default, DEFAULT_HINT)


def _flatten_metrics(value: Any) -> list[Any]:
    """Return the metrics passed to ``compile`` as one list, however they were nested."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [metric for item in value for metric in _flatten_metrics(item)]
    return [] if value is None else [value]
