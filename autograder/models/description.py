"""A model as frozen values: its layers, how they are connected and how it is compiled.

The classes are also the form on the wire: ``msgspec.to_builtins`` gives it, ``parse`` reads it.
No weight, name, seed or initializer is part of a description.
"""

import hashlib
from typing import Annotated, Any, Literal

import msgspec

MAX_LAYERS = 200
MAX_CALLS = 400
MAX_METRICS = 20

# `\Z`, not `$`: `$` would accept a newline at the end of an untrusted name.
Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,59}\Z")]
CompileArgument = Literal["optimizer", "loss", "loss_weights", "metric", "weighted_metric"]
Indices = Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_LAYERS)]


class ModelRefusedError(Exception):
    """A model that cannot be graded; the message is a sentence for its author.

    ``problem`` and ``hint`` hold no size that a check may have asked for; ``seen`` may.
    """

    def __init__(self, problem: str, *, seen: str = "", hint: str = "") -> None:
        self.problem = problem
        self.seen = seen
        self.hint = hint
        super().__init__(problem)

    def __str__(self) -> str:
        """Return the full sentence."""
        sentence = self.problem
        if self.seen:
            sentence += f": found {self.seen}"
        return f"{sentence}. {self.hint}".rstrip()


class UnsupportedModelError(ModelRefusedError):
    """A model with a part that no description can express."""


class KerasObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object of one of Keras' classes: a layer, an optimizer, a loss, a metric, a regularizer."""

    class_name: str
    """Its public name, e.g. ``Dense``."""

    arguments: dict[str, Any] = {}
    """Constructor arguments by name: plain data on the wire; after ``parse``, lists are tuples
    and objects inside are ``KerasObject``."""

    def __getitem__(self, name: str) -> Any:
        """Return one argument; the schema determines its type."""
        return self.arguments[name]


class LayerCall(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One call of a layer."""

    layer: int
    inputs: Indices
    """Indices of the earlier calls whose outputs it reads; empty for an input layer."""


class CompileConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``compile``."""

    optimizer: KerasObject | None
    """None if it is not one of Keras' own, see ``unsupported``."""

    loss: KerasObject | None
    metrics: Annotated[tuple[KerasObject, ...], msgspec.Meta(max_length=MAX_METRICS)]
    unsupported: Annotated[
        tuple[tuple[CompileArgument, Identifier], ...], msgspec.Meta(max_length=MAX_METRICS)
    ] = ()
    """Anything else passed to ``compile``, e.g. ``("loss", "my_loss")``; such a model is built
    and checked, but never trained by the trainer."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Return the names under which the built model reports its metrics, in their order."""
        names: list[str] = []
        for metric in self.metrics:
            name = _METRIC_NAMES.get(metric.class_name, metric.class_name.lower())
            if name in names:
                name = f"{name}_{len(names)}"
            names.append(name)
        return tuple(names)


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model without names, weights, seeds and initializers.

    However it was written (Sequential, ``add``, functional, with names, nested), one
    architecture has one description after ``parse``, and so one key.
    """

    layers: Annotated[tuple[KerasObject, ...], msgspec.Meta(max_length=MAX_LAYERS)]
    """In the order of their first call; inputs are layers too."""

    calls: Annotated[tuple[LayerCall, ...], msgspec.Meta(max_length=MAX_CALLS)]
    """In an order in which they can run; empty for a model that is not built."""

    inputs: Indices
    outputs: Indices
    compile_config: CompileConfig | None

    @property
    def is_built(self) -> bool:
        """Return True if the model knows the shape of its input."""
        return bool(self.calls)

    @property
    def is_sequential(self) -> bool:
        """Return True if each layer reads the one before it, once: what Sequential can express."""
        previous: tuple[int, ...] = ()
        for index, call in enumerate(self.calls):
            if call != LayerCall(index, previous):
                return False
            previous = (index,)
        return self.inputs == (0,)[: len(self.calls)] and len(self.outputs) <= 1

    def key(self) -> str:
        """Return the sha256 of the canonical form, which trainings are remembered by."""
        # Sorted: the order in which a process listed arguments must not matter.
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


_METRIC_NAMES = {"BinaryAccuracy": "accuracy", "MeanAbsoluteError": "mae", "MeanSquaredError": "mse"}
"""Keras' short names; every other metric reports under its class name in lower case."""
