"""Plain data from anybody, a hostile process included, becomes a description or is refused."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograder.models.description import CompileConfig, KerasObject, LayerCall, Model, ModelRefusedError
from autograder.models.rules import parse_object
from autograder.models.schema import ACCURACY, COMPILE_ARGUMENTS, LAYERS, LOSSES, METRICS, OPTIMIZERS
from autograder.models.shapes import LayerStats, compute_layer_stats, elements

MAX_LAYERS = 200
MAX_STEPS = 400
MAX_METRICS = 20
MAX_PARAMETERS = 20_000_000
"""In a model that is built: 80 MB."""

MAX_ELEMENTS = 2**22
"""Numbers in any one tensor for one row."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_FIELDS = {"layers", "steps", "inputs", "outputs", "compiled"}


def parse(value: object) -> Model:
    """Return the description that plain data spell, in its canonical form.

    Raises:
        Refused: says what was found and what to do.
    """
    if type(value) is not dict or value.keys() != _FIELDS:
        raise _malformed_error("what came is not a model")
    layers = tuple(parse_object(LAYERS, layer, "a layer") for layer in _list(value["layers"], MAX_LAYERS))
    steps = tuple(_step(item, n, layers) for n, item in enumerate(_list(value["steps"], MAX_STEPS)))
    ends = [_parse_indices(value[side], len(steps)) for side in ("inputs", "outputs")]
    compiled = None if value["compiled"] is None else _parse_compile_config(value["compiled"])
    if not steps:
        return _unbuilt_model(layers, ends, compiled)
    layers, steps, inputs, outputs = _canonical_order(layers, steps, ends[0], ends[1])
    found = compute_layer_stats(layers, steps)
    parameters = _count_parameters(steps, found)
    _check_size(found, parameters)
    if compiled:
        compiled = replace(compiled, metrics=_resolve_accuracy(compiled.metrics, [found[n] for n in outputs]))
    return Model(layers, steps, inputs, outputs, compiled, parameters)


def _unbuilt_model(
    layers: tuple[KerasObject, ...], ends: list[tuple[int, ...]], compile_config: CompileConfig | None
) -> Model:
    if ends != [(), ()]:
        raise _malformed_error("a model that is not built has inputs")
    return Model(layers, (), (), (), compile_config, 0)


def _malformed_error(problem: str) -> ModelRefusedError:
    return ModelRefusedError(
        problem, hint="Build it with keras.Sequential([…]) or keras.Model(inputs, outputs)."
    )


def _list(value: object, max_items: int) -> Sequence[object]:
    if type(value) not in (list, tuple):
        raise _malformed_error("a part of the model is missing")
    if len(value) > max_items:  # type: ignore[arg-type]
        raise ModelRefusedError(
            "the model has too many parts", hint=f"At most {max_items} of a kind can be graded."
        )
    return value  # type: ignore[return-value]


def _parse_indices(value: object, end: int) -> tuple[int, ...]:
    """Return numbers of steps that come before step ``end``."""
    return tuple(_parse_index(item, end) for item in _list(value, MAX_LAYERS))


def _parse_index(value: object, end: int) -> int:
    if not (type(value) is int and 0 <= value < end):
        raise _malformed_error("a layer of the model reads what is not there")
    return value


def _step(value: object, number: int, layers: Sequence[KerasObject]) -> LayerCall:
    pair = _list(value, 2)
    if len(pair) != 2:
        raise _malformed_error("a step of the model is not described as one")
    step = LayerCall(_parse_index(pair[0], len(layers)), _parse_indices(pair[1], number))
    if (layers[step.layer].kind == "InputLayer") is bool(step.inputs):
        raise _malformed_error("a layer of the model reads nothing, or an input reads something")
    return step


def _canonical_order(
    layers: Sequence[KerasObject],
    steps: Sequence[LayerCall],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> tuple[tuple[KerasObject, ...], tuple[LayerCall, ...], tuple[int, ...], tuple[int, ...]]:
    """Number steps and layers as a walk from the outputs meets them; drop what leads nowhere."""
    order = _topological_order(steps, (*outputs, *inputs))
    place = {old: new for new, old in enumerate(order)}
    used = list(dict.fromkeys(steps[old].layer for old in order))
    sources = {n for n in order if layers[steps[n].layer].kind == "InputLayer"}
    distinct = len(set(inputs)) == len({steps[n].layer for n in inputs}) == len(inputs)
    if not (inputs and outputs and distinct and set(inputs) == sources):
        raise _malformed_error("the inputs of the model are not its input layers")
    numbers = {old: new for new, old in enumerate(used)}
    sorted_steps = (
        LayerCall(numbers[steps[old].layer], tuple(place[n] for n in steps[old].inputs)) for old in order
    )
    return (
        tuple(layers[old] for old in used),
        tuple(sorted_steps),
        tuple(place[n] for n in inputs),
        tuple(place[n] for n in outputs),
    )


def _topological_order(steps: Sequence[LayerCall], ends: Iterable[int]) -> list[int]:
    """Return steps in the order in which a depth-first walk leaves them; each reads earlier ones."""
    order: dict[int, None] = {}
    stack = [(end, False) for end in reversed(tuple(ends))]
    while stack:
        number, left = stack.pop()
        if left:
            order[number] = None
        elif number not in order:
            stack.append((number, True))
            stack += [(read, False) for read in reversed(steps[number].inputs)]
    return list(order)


def _count_parameters(steps: Sequence[LayerCall], stats: Sequence[LayerStats]) -> int:
    """Count each layer once; a layer that is called twice must fit both times."""
    counts: dict[int, int] = {}
    for step, flow in zip(steps, stats, strict=True):
        if counts.setdefault(step.layer, flow.parameters) != flow.parameters:
            raise _malformed_error("a layer of the model is called with two shapes")
    return sum(counts.values())


def _check_size(stats: Sequence[LayerStats], parameters: int) -> None:
    if parameters > MAX_PARAMETERS:
        raise ModelRefusedError(
            "the model is too large to be graded",
            seen=f"{parameters:,} parameters",
            hint=f"At most {MAX_PARAMETERS:,}: is the size of a layer a number of words?",
        )
    if max(elements(flow.shape) for flow in stats) > MAX_ELEMENTS:
        raise ModelRefusedError(
            "a layer of the model gives too many numbers for one row",
            hint=f"At most {MAX_ELEMENTS:,}.",
        )


def _parse_compile_config(value: object) -> CompileConfig:
    if type(value) is not dict or value.keys() != {"optimizer", "loss", "metrics", "foreign"}:
        raise _malformed_error("the model is not compiled as Keras does it")
    foreign = tuple(_parse_unsupported(pair) for pair in _list(value["foreign"], MAX_METRICS))
    optimizer, loss = value["optimizer"], value["loss"]
    compiled = CompileConfig(
        None if optimizer is None else parse_object(OPTIMIZERS, optimizer, "an optimizer"),
        None if loss is None else parse_object(LOSSES, loss, "a loss"),
        tuple(parse_object(METRICS, metric, "a metric") for metric in _list(value["metrics"], MAX_METRICS)),
        foreign,
    )
    if (optimizer is None) != any(place == "optimizer" for place, _ in foreign):
        raise _malformed_error("the model is not compiled with one optimizer")
    return compiled


def _parse_unsupported(value: object) -> tuple[str, str]:
    place, name = [*_list(value, 2), None, None][:2]
    if not (
        type(place) is str and place in COMPILE_ARGUMENTS and type(name) is str and _WORD.fullmatch(name)
    ):
        raise _malformed_error("the model is compiled with something that has no name")
    return place, name


def _resolve_accuracy(
    metrics: tuple[KerasObject, ...], outputs: Sequence[LayerStats]
) -> tuple[KerasObject, ...]:
    """Say which accuracy ``"accuracy"`` is, by the rule of Keras' ``compile``."""
    if len(outputs) != 1 or outputs[0].shape[-1:] != (1,):
        return metrics
    binary = KerasObject("BinaryAccuracy", (("threshold", 0.5),))
    return tuple(binary if metric.kind == ACCURACY else metric for metric in metrics)
