"""A model as frozen values: layers, how they are wired, and what it is compiled with."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, TypeAlias


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
        """Return the whole sentence."""
        found = f": found {self.seen}" if self.seen else ""
        return f"{self.problem}{found}. {self.hint}".rstrip()


@dataclass(frozen=True, slots=True)
class KerasObject:
    """One object of Keras: a layer, an optimizer, a loss, a metric, or what one is set to."""

    kind: str
    """The name of its class, e.g. ``Dense``."""

    settings: tuple[tuple[str, "Setting"], ...] = ()
    """All arguments that matter, in the order of the table."""

    def __getitem__(self, name: str) -> Any:
        """Return one setting; its type is the one that the table promises."""
        return dict(self.settings)[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the part as data for the wire."""
        return {"kind": self.kind, "settings": {name: _to_json_value(value) for name, value in self.settings}}


Setting: TypeAlias = bool | int | float | str | KerasObject | tuple["Setting", ...] | None


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One call of a layer."""

    layer: int
    inputs: tuple[int, ...]
    """Numbers of the earlier steps whose outputs it is given; empty for an input."""


@dataclass(frozen=True, slots=True)
class CompileConfig:
    """What a model is compiled with."""

    optimizer: KerasObject | None
    """None where it is not one of Keras' own, see ``foreign``."""

    loss: KerasObject | None
    metrics: tuple[KerasObject, ...]
    unsupported: tuple[tuple[str, str], ...] = ()
    """What else was handed to ``compile``, e.g. ``("loss", "my_loss")``; such a model is built
    and checked, but we do not train it."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Return the names under which the built model reports its metrics, in their order."""
        names: list[str] = []
        for metric in self.metrics:
            name = _METRIC_NAMES.get(metric.kind, metric.kind.lower())
            names.append(f"{name}_{len(names)}" if name in names else name)
        return tuple(names)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as data for the wire."""
        return {
            "optimizer": _to_json_value(self.optimizer),
            "loss": _to_json_value(self.loss),
            "metrics": [metric.to_dict() for metric in self.metrics],
            "foreign": [list(pair) for pair in self.unsupported],
        }


@dataclass(frozen=True, slots=True)
class Model:
    """A model without names, weights, seeds and initializers.

    However it was written (Sequential, ``add``, functional, with names, nested), one
    architecture has one description and so one key.
    """

    layers: tuple[KerasObject, ...]
    """In the order of their first call; inputs are layers too."""

    steps: tuple[LayerCall, ...]
    """In an order in which they can run; empty for a model that is not built."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    compile_config: CompileConfig | None
    parameters: int
    """Trainable and fixed numbers, computed before anything is built; 0 if not built."""

    @property
    def is_built(self) -> bool:
        """Say whether the model knows the shape of its input."""
        return bool(self.steps)

    @property
    def is_sequential(self) -> bool:
        """Say whether each layer reads the one before it, once: what Sequential can hold."""
        straight = all(step == LayerCall(n, (n - 1,) if n else ()) for n, step in enumerate(self.steps))
        return straight and self.inputs == (0,)[: len(self.steps)] and len(self.outputs) <= 1

    def to_dict(self) -> dict[str, Any]:
        """Return the canonical form for the wire; ``parse`` gives the same description back."""
        return {
            "layers": [layer.to_dict() for layer in self.layers],
            "steps": [[step.layer, list(step.inputs)] for step in self.steps],
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "compiled": self.compile_config.to_dict() if self.compile_config else None,
        }

    def key(self) -> str:
        """Return the sha256 of the canonical form."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


_METRIC_NAMES = {"BinaryAccuracy": "accuracy", "MeanAbsoluteError": "mae", "MeanSquaredError": "mse"}


def _to_json_value(value: Setting) -> Any:
    if isinstance(value, KerasObject):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_json_value(item) for item in value]
    return value
