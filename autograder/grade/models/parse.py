"""Plain data from anybody, a hostile process included, becomes a description or is refused."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograder.grade.models.description import Compiled, Model, Part, Refused, Step
from autograder.grade.models.rules import read_part
from autograder.grade.models.shapes import Flow, elements, flows
from autograder.grade.models.table import ACCURACY, FOREIGN, LAYERS, LOSSES, METRICS, OPTIMIZERS

MOST_LAYERS = 200
MOST_STEPS = 400
MOST_METRICS = 20
MOST_PARAMETERS = 20_000_000
"""In a model that is built: 80 MB."""

MOST_ELEMENTS = 2**22
"""Numbers in any one tensor for one row."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_FIELDS = {"layers", "steps", "inputs", "outputs", "compiled"}


def parse(value: object) -> Model:
    """Return the description that plain data spell, in its canonical form.

    Raises:
        Refused: says what was found and what to do.
    """
    if type(value) is not dict or value.keys() != _FIELDS:
        raise _malformed("what came is not a model")
    layers = tuple(read_part(LAYERS, layer, "a layer") for layer in _list(value["layers"], MOST_LAYERS))
    steps = tuple(_step(item, n, layers) for n, item in enumerate(_list(value["steps"], MOST_STEPS)))
    ends = [_places(value[side], len(steps)) for side in ("inputs", "outputs")]
    compiled = None if value["compiled"] is None else _compiled(value["compiled"])
    if not steps:
        return _unbuilt(layers, ends, compiled)
    layers, steps, inputs, outputs = _in_order(layers, steps, ends[0], ends[1])
    found = flows(layers, steps)
    parameters = _parameters(steps, found)
    _require_small(found, parameters)
    if compiled:
        compiled = replace(compiled, metrics=_resolved(compiled.metrics, [found[n] for n in outputs]))
    return Model(layers, steps, inputs, outputs, compiled, parameters)


def _unbuilt(layers: tuple[Part, ...], ends: list[tuple[int, ...]], compiled: Compiled | None) -> Model:
    if ends != [(), ()]:
        raise _malformed("a model that is not built has inputs")
    return Model(layers, (), (), (), compiled, 0)


def _malformed(problem: str) -> Refused:
    return Refused(problem, hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs).")


def _list(value: object, most: int) -> Sequence[object]:
    if type(value) not in (list, tuple):
        raise _malformed("a part of the model is missing")
    if len(value) > most:  # type: ignore[arg-type]
        raise Refused("the model has too many parts", hint=f"At most {most} of a kind can be graded.")
    return value  # type: ignore[return-value]


def _places(value: object, end: int) -> tuple[int, ...]:
    """Return numbers of steps that come before step ``end``."""
    return tuple(_place(item, end) for item in _list(value, MOST_LAYERS))


def _place(value: object, end: int) -> int:
    if not (type(value) is int and 0 <= value < end):
        raise _malformed("a layer of the model reads what is not there")
    return value


def _step(value: object, number: int, layers: Sequence[Part]) -> Step:
    pair = _list(value, 2)
    if len(pair) != 2:
        raise _malformed("a step of the model is not described as one")
    step = Step(_place(pair[0], len(layers)), _places(pair[1], number))
    if (layers[step.layer].kind == "InputLayer") is bool(step.reads):
        raise _malformed("a layer of the model reads nothing, or an input reads something")
    return step


def _in_order(
    layers: Sequence[Part], steps: Sequence[Step], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> tuple[tuple[Part, ...], tuple[Step, ...], tuple[int, ...], tuple[int, ...]]:
    """Number steps and layers as a walk from the outputs meets them; drop what leads nowhere."""
    order = _walk(steps, (*outputs, *inputs))
    place = {old: new for new, old in enumerate(order)}
    used = list(dict.fromkeys(steps[old].layer for old in order))
    sources = {n for n in order if layers[steps[n].layer].kind == "InputLayer"}
    distinct = len(set(inputs)) == len({steps[n].layer for n in inputs}) == len(inputs)
    if not (inputs and outputs and distinct and set(inputs) == sources):
        raise _malformed("the inputs of the model are not its input layers")
    numbers = {old: new for new, old in enumerate(used)}
    sorted_steps = (
        Step(numbers[steps[old].layer], tuple(place[n] for n in steps[old].reads)) for old in order
    )
    return (
        tuple(layers[old] for old in used),
        tuple(sorted_steps),
        tuple(place[n] for n in inputs),
        tuple(place[n] for n in outputs),
    )


def _walk(steps: Sequence[Step], ends: Iterable[int]) -> list[int]:
    """Return steps in the order in which a depth-first walk leaves them; each reads earlier ones."""
    order: dict[int, None] = {}
    stack = [(end, False) for end in reversed(tuple(ends))]
    while stack:
        number, left = stack.pop()
        if left:
            order[number] = None
        elif number not in order:
            stack.append((number, True))
            stack += [(read, False) for read in reversed(steps[number].reads)]
    return list(order)


def _parameters(steps: Sequence[Step], found: Sequence[Flow]) -> int:
    """Count each layer once; a layer that is called twice must fit both times."""
    counts: dict[int, int] = {}
    for step, flow in zip(steps, found, strict=True):
        if counts.setdefault(step.layer, flow.parameters) != flow.parameters:
            raise _malformed("a layer of the model is called with two shapes")
    return sum(counts.values())


def _require_small(found: Sequence[Flow], parameters: int) -> None:
    if parameters > MOST_PARAMETERS:
        raise Refused(
            "the model is too large to be graded",
            seen=f"{parameters:,} parameters",
            hint=f"At most {MOST_PARAMETERS:,}: is the size of a layer a number of words?",
        )
    if max(elements(flow.shape) for flow in found) > MOST_ELEMENTS:
        raise Refused(
            "a layer of the model gives too many numbers for one row",
            hint=f"At most {MOST_ELEMENTS:,}.",
        )


def _compiled(value: object) -> Compiled:
    if type(value) is not dict or value.keys() != {"optimizer", "loss", "metrics", "foreign"}:
        raise _malformed("the model is not compiled as Keras does it")
    foreign = tuple(_foreign(pair) for pair in _list(value["foreign"], MOST_METRICS))
    optimizer, loss = value["optimizer"], value["loss"]
    compiled = Compiled(
        None if optimizer is None else read_part(OPTIMIZERS, optimizer, "an optimizer"),
        None if loss is None else read_part(LOSSES, loss, "a loss"),
        tuple(read_part(METRICS, metric, "a metric") for metric in _list(value["metrics"], MOST_METRICS)),
        foreign,
    )
    if (optimizer is None) != any(place == "optimizer" for place, _ in foreign):
        raise _malformed("the model is not compiled with one optimizer")
    return compiled


def _foreign(value: object) -> tuple[str, str]:
    place, name = [*_list(value, 2), None, None][:2]
    if not (type(place) is str and place in FOREIGN and type(name) is str and _WORD.fullmatch(name)):
        raise _malformed("the model is compiled with something that has no name")
    return place, name


def _resolved(metrics: tuple[Part, ...], outputs: Sequence[Flow]) -> tuple[Part, ...]:
    """Say which accuracy ``"accuracy"`` is, by the rule of Keras' ``compile``."""
    if len(outputs) != 1 or outputs[0].shape[-1:] != (1,):
        return metrics
    binary = Part("BinaryAccuracy", (("threshold", 0.5),))
    return tuple(binary if metric.kind == ACCURACY else metric for metric in metrics)
