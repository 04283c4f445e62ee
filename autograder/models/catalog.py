"""Which classes and functions of Keras a description may name, by identity.

``keras_names`` lists them for one version of Keras. ``python -m tools.list_keras_names`` writes
it and leaves out what runs code, reads files or keeps state; what a later version adds is refused
until the list is made and reviewed again.
"""

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from autograder.checks.canonical import SHARED_ACTIVATIONS
from autograder.models import keras_names

MODULES: Mapping[str, Any] = {
    "layers": keras.layers,
    "operations": keras.ops,
    "activations": keras.activations,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
    "initializers": keras.initializers,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "losses": keras.losses,
    "metrics": keras.metrics,
}

NAMES: Mapping[str, frozenset[str]] = {
    family: frozenset(names) for family, names in keras_names.NAMES.items()
}
"""Public names by family."""

_IGNORED_ARGUMENTS = frozenset({"self", "name", "dtype", "seed", "weights", "input_tensor", "vocabulary"})
"""Arguments that never cross: they change no result, or say where values are read from.

The precision is ignored on purpose: the checks judge the architecture.
"""


def find(family: str, name: str) -> Any:
    """Return a class or function of the catalog; None for any other name."""
    return getattr(MODULES[family], name, None) if name in NAMES[family] else None


@functools.cache
def _places() -> dict[Any, tuple[str, str]]:
    places: dict[Any, tuple[str, str]] = {}
    for family, names in NAMES.items():
        if family != "operations":
            for name in sorted(names):  # a function of two names has the first
                places.setdefault(find(family, name), (family, name))
    for name in SHARED_ACTIVATIONS:
        for module in (tf.nn, tf.math, tf, keras.ops):
            function = getattr(module, name, None)
            if function is not None:
                places.setdefault(function, places[find("activations", name)])
    return places


def place_of(value: Any) -> tuple[str, str] | None:
    """Return family and name of a class or function; None if it is not in the catalog."""
    try:
        return _places().get(value)
    except TypeError:  # an unhashable object of a student's
        return None


@functools.cache
def parameters_of(family: str, name: str) -> Mapping[str, inspect.Parameter]:
    """Return the parameters that may cross, by name, in the order of the constructor's signature."""
    found = find(family, name)
    own = inspect.signature(found).parameters
    crossing = {
        parameter.name: parameter
        for parameter in own.values()
        if parameter.name not in _IGNORED_ARGUMENTS - {"dtype" if family == "operations" else ""}
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    if (family, name) == ("layers", "InputLayer"):  # its type of number is part of the architecture
        crossing["dtype"] = own["dtype"]
    if family == "layers":  # of the base class, which every layer accepts
        for extra in ("trainable", "activity_regularizer"):
            default = {"trainable": True}.get(extra)
            crossing.setdefault(
                extra, inspect.Parameter(extra, inspect.Parameter.KEYWORD_ONLY, default=default)
            )
    return crossing


@functools.cache
def operation_places() -> Mapping[type, tuple[str, str]]:
    """Return family and name of the public function that records each class of operation."""
    functions = {}
    for family in ("activations", "operations"):
        for name in NAMES[family]:
            function = find(family, name)
            functions[function.__module__, name.replace("_", "")] = family, name
    places = {}
    pending: list[type] = [keras.Operation]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        place = functions.get((kind.__module__, kind.__name__.lower()))
        if place and not issubclass(kind, keras.Layer):
            places[kind] = place
    return places


@functools.cache
def operation_arguments(kind: type) -> tuple[str, ...]:
    """Return the names of the constructor arguments of an operation's class that may cross."""
    names = inspect.signature(kind).parameters
    return tuple(name for name in names if name == "dtype" or name not in _IGNORED_ARGUMENTS | {"kwargs"})
