"""A model as frozen values: its objects, their calls and how it is compiled.

The structs are also the form on the wire: ``msgspec.to_builtins`` gives it, ``parse`` reads it.
Every object stands in one flat table and refers to others by their place in it, so that nothing in
a description is deeper than a few levels, whatever a hostile one claims. No weight, name or seed is
part of a description, and no dict ever becomes an argument.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union

import msgspec

MAX_OBJECTS = 4_000
MAX_CALLS = 2_000
MAX_ITEMS = 256
MAX_METRICS = 20
MAX_AXES = 8

# `\Z`, not `$`: `$` would accept a newline at the end of an untrusted name.
Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,59}\Z")]
CompileArgument = Literal["optimizer", "loss", "loss_weights", "metric", "weighted_metric"]
Family = Literal[
    "layers",
    "operations",
    "activations",
    "regularizers",
    "constraints",
    "initializers",
    "optimizers",
    "schedules",
    "losses",
    "metrics",
    "opaque",
]
"""Where Keras has an object's class or function, see ``catalog``; ``opaque`` is a layer that runs
code of the student's own, of which nothing but its name is known."""

Dtype = Literal["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool"]

_Integer = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
_Text = Annotated[str, msgspec.Meta(max_length=100)]


class ModelRefusedError(Exception):
    """A model that cannot be used; the message is a sentence for its author.

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
    """A model that may be right, but that the grader cannot express or build: a person decides."""


class ObjectRef(msgspec.Struct, frozen=True, array_like=True, tag="object", forbid_unknown_fields=True):
    """An object as the argument of another, or of a call."""

    index: int


class TensorRef(msgspec.Struct, frozen=True, array_like=True, tag="tensor", forbid_unknown_fields=True):
    """One of the tensors that an earlier call returned."""

    call: int
    output: int = 0


class Slice(msgspec.Struct, frozen=True, array_like=True, tag="slice", forbid_unknown_fields=True):
    """A ``slice``, as in ``x[:, -1]``."""

    start: _Integer | None
    stop: _Integer | None
    step: _Integer | None


class Dots(msgspec.Struct, frozen=True, array_like=True, tag="dots", forbid_unknown_fields=True):
    """An ``Ellipsis``."""


class Items(msgspec.Struct, frozen=True, array_like=True, tag="list", forbid_unknown_fields=True):
    """A list or tuple."""

    values: Annotated[tuple["Value", ...], msgspec.Meta(max_length=MAX_ITEMS)]


Value = Union[None, bool, _Integer, float, _Text, ObjectRef, TensorRef, Slice, Dots, Items]  # noqa: UP007  msgspec resolves the forward reference above through this name


class KerasObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object or a function of Keras, e.g. a layer, an activation, an optimizer or a loss."""

    family: Family
    class_name: Identifier
    """Its public name, e.g. ``Dense`` or ``relu``."""

    arguments: Annotated[dict[Identifier, Value], msgspec.Meta(max_length=100)] = {}
    """Constructor arguments that differ from their defaults."""


class DeclaredTensor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A tensor of which only the submission knows how it is computed."""

    shape: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None, ...], msgspec.Meta(max_length=MAX_AXES)
    ]
    dtype: Dtype


class Call(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One call of a layer or an operation."""

    operation: int
    """Index of the layer or operation in the table of objects."""

    arguments: Annotated[tuple[Value, ...], msgspec.Meta(max_length=MAX_ITEMS)] = ()
    """Positional arguments; none for an input layer."""

    keywords: dict[Identifier, Value] = {}

    declared: Annotated[tuple[DeclaredTensor, ...], msgspec.Meta(max_length=MAX_ITEMS)] = ()
    """What an opaque layer returns, according to the submission; empty for every other operation."""

    def references(self) -> Iterator[TensorRef]:
        """Yield the tensors that it reads."""
        for value in (*self.arguments, *self.keywords.values()):
            yield from _references(value)


def _references(value: Value) -> Iterator[TensorRef]:
    if type(value) is TensorRef:
        yield value
    elif type(value) is Items:
        for item in value.values:
            yield from _references(item)


class CompileConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``compile``; objects by their index."""

    optimizer: int | None
    """None if it is not one of Keras' own, see ``unsupported``."""

    loss: int | None
    metrics: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_METRICS)]
    unsupported: Annotated[
        tuple[tuple[CompileArgument, Identifier], ...], msgspec.Meta(max_length=MAX_METRICS)
    ] = ()
    """Anything else passed to ``compile``, e.g. ``("loss", "my_loss")``; such a model is built
    and checked, but never trained by the trainer."""

    own_code: Annotated[tuple[CompileArgument, ...], msgspec.Meta(max_length=MAX_METRICS)] = ()
    """Which of the unsupported arguments are functions or objects of the student's own."""


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model without names, weights and seeds.

    However it was written (Sequential, ``add``, functional, with names, nested), one
    architecture has one description after ``parse``, and so one key.
    """

    objects: Annotated[tuple[KerasObject, ...], msgspec.Meta(max_length=MAX_OBJECTS)]
    """Each refers to earlier ones only."""

    layers: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_CALLS)]
    """The layers of a Sequential model that is not built, in order; otherwise empty."""

    calls: Annotated[tuple[Call, ...], msgspec.Meta(max_length=MAX_CALLS)]
    """In an order in which they can run; empty for a model that is not built."""

    inputs: Annotated[tuple[TensorRef, ...], msgspec.Meta(max_length=MAX_ITEMS)]
    outputs: Annotated[tuple[TensorRef, ...], msgspec.Meta(max_length=MAX_ITEMS)]
    compile_config: CompileConfig | None

    @property
    def is_built(self) -> bool:
        """Return True if the model knows the shape of its input."""
        return bool(self.calls)

    @property
    def is_sequential(self) -> bool:
        """Return True if each layer reads the one before it, once: what Sequential can express."""
        if any(described.arguments.get("return_state") for described in self.objects):
            return False  # Sequential would hand on the state as well
        previous: tuple[Value, ...] = ()
        for index, call in enumerate(self.calls):
            is_new = all(call.operation != earlier.operation for earlier in self.calls[:index])
            is_layer = self.objects[call.operation].family == "layers"
            if not (is_layer and is_new and call.arguments == previous and not call.keywords):
                return False
            previous = (TensorRef(index),)
        return self.inputs == (TensorRef(0),) and self.outputs == previous

    def key(self) -> str:
        """Return the sha256 of the canonical form, which trainings are remembered by."""
        # Sorted: the order in which a process listed arguments must not matter.
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def plain(model: Model) -> dict[str, Any]:
    """Return a model in its form on the wire."""
    form: dict[str, Any] = msgspec.to_builtins(model)
    return form


_METRIC_NAMES = {"BinaryAccuracy": "accuracy", "MeanAbsoluteError": "mae", "MeanSquaredError": "mse"}
"""Keras' short names; every other metric reports under its class name in lower case."""


def metric_names(model: Model) -> tuple[str, ...]:
    """Return the names under which the built model reports its metrics, in their order."""
    names: list[str] = []
    for index in model.compile_config.metrics if model.compile_config else ():
        class_name = model.objects[index].class_name
        name = _METRIC_NAMES.get(class_name, class_name.lower())
        if name in names:
            name = f"{name}_{len(names)}"
        names.append(name)
    return tuple(names)
