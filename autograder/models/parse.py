"""Untrusted plain data becomes a description or is refused, before Keras sees any of it."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from autograder.models.description import (
    MAX_LAYERS,
    CompileConfig,
    KerasObject,
    LayerCall,
    Model,
    ModelRefusedError,
)
from autograder.models.rules import parse_object
from autograder.models.schema import ACCURACY, LAYERS, LOSSES, METRICS, OPTIMIZERS
from autograder.models.shapes import compute_call_stats, count_parameters, elements

MAX_PARAMETERS = 20_000_000
"""In a model that is built: 80 MB."""

MAX_ELEMENTS = 2**22
"""Numbers in any one tensor for one row."""


def parse(value: object) -> Model:
    """Return the description that plain data spell out, in its canonical form.

    Args:
        value: what a process that runs student code sent; it may be hostile.

    Raises:
        ModelRefusedError: says what was found and what to do.
    """
    try:
        model = msgspec.convert(value, Model)
    except msgspec.ValidationError:
        # The text of the error can quote an untrusted name, so it is not passed on.
        raise _malformed("the description of the model cannot be read") from None
    layers = tuple(parse_object(LAYERS, layer, "a layer") for layer in model.layers)
    compile_config = _parse_compile_config(model.compile_config)
    model = Model(layers, model.calls, model.inputs, model.outputs, compile_config)
    _check_graph(model)
    if not model.is_built:
        return model
    model = _canonical_order(model)
    parameters, stats = count_parameters(model), compute_call_stats(model)
    if parameters > MAX_PARAMETERS:
        raise ModelRefusedError(
            "the model is too large to be graded",
            seen=f"{parameters:,} parameters",
            hint=f"At most {MAX_PARAMETERS:,}: is the size of a layer a number of words?",
        )
    if max(elements(call.shape) for call in stats) > MAX_ELEMENTS:
        problem = "a layer of the model returns too many numbers for one row"
        raise ModelRefusedError(problem, hint=f"At most {MAX_ELEMENTS:,}.")
    if compile_config and len(model.outputs) == 1 and stats[model.outputs[0]].shape[-1:] == (1,):
        # Keras' ``compile`` chooses this class for "accuracy" if there is one output of width 1.
        binary = KerasObject("BinaryAccuracy", {"threshold": 0.5})
        metrics = [binary if metric.class_name == ACCURACY else metric for metric in compile_config.metrics]
        compile_config = msgspec.structs.replace(compile_config, metrics=tuple(metrics))
    return msgspec.structs.replace(model, compile_config=compile_config)


def _malformed(problem: str) -> ModelRefusedError:
    way = "keras.Sequential([…]) or keras.Model(inputs, outputs)"
    return ModelRefusedError(problem, hint=f"Build it with {way} and at most {MAX_LAYERS} layers.")


def _parse_compile_config(config: CompileConfig | None) -> CompileConfig | None:
    if config is None:
        return None
    optimizer, loss = config.optimizer, config.loss
    if (optimizer is None) != ("optimizer" in dict(config.unsupported)):
        raise _malformed("the model is not compiled with one optimizer")
    if optimizer:
        optimizer = parse_object(OPTIMIZERS, optimizer, "an optimizer")
    if loss:
        loss = parse_object(LOSSES, loss, "a loss")
    metrics = tuple(parse_object(METRICS, metric, "a metric") for metric in config.metrics)
    return CompileConfig(optimizer, loss, metrics, config.unsupported)


def _check_graph(model: Model) -> None:
    """Check that every index points to a layer or to an earlier call."""
    for index, call in enumerate(model.calls):
        _check_indices([call.layer], len(model.layers))
        _check_indices(call.inputs, index)
        if (model.layers[call.layer].class_name == "InputLayer") is bool(call.inputs):
            raise _malformed("a layer of the model has no input, or an input layer has one")
    for indices in (model.inputs, model.outputs):
        _check_indices(indices, len(model.calls))


def _check_indices(indices: Sequence[int], end: int) -> None:
    if indices and not (min(indices) >= 0 and max(indices) < end):
        raise _malformed("a layer of the model reads a layer that does not exist")


def _canonical_order(model: Model) -> Model:
    """Number calls and layers in the order of a walk from the outputs; drop what no output needs."""
    new_index: dict[int, int] = {}
    new_layer: dict[int, int] = {}
    calls: list[LayerCall] = []
    # A call is numbered when a depth-first walk leaves it, so each reads earlier ones. The walk
    # has its own stack: an untrusted graph may be deeper than Python's.
    stack = [(end, False) for end in reversed((*model.outputs, *model.inputs))]
    while stack:
        index, is_leaving = stack.pop()
        call = model.calls[index]
        if is_leaving:
            layer = new_layer.setdefault(call.layer, len(new_layer))
            calls.append(LayerCall(layer, _renumber(call.inputs, new_index)))
            new_index[index] = len(new_index)
        elif index not in new_index:
            stack.append((index, True))
            stack += [(source, False) for source in reversed(call.inputs)]
    input_layers = {model.calls[index].layer for index in model.inputs}
    input_calls = {index for index in new_index if not model.calls[index].inputs}
    # Each input layer is called once and listed once, and no other call starts the graph.
    is_distinct = len(input_layers) == len(set(model.inputs)) == len(model.inputs)
    if not (model.inputs and model.outputs and is_distinct and set(model.inputs) == input_calls):
        raise _malformed("the inputs of the model are not its input layers")
    return Model(
        tuple(model.layers[index] for index in new_layer),
        tuple(calls),
        _renumber(model.inputs, new_index),
        _renumber(model.outputs, new_index),
        model.compile_config,
    )


def _renumber(indices: Iterable[int], new_index: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(map(new_index.__getitem__, indices))
