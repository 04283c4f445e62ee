"""Untrusted plain data becomes a description or is refused, before Keras sees any of it.

What an argument may be is not decided here but where an object is built, in ``rebuild``: that needs
Keras, and so a process that may be killed.
"""

from collections.abc import Iterable

import msgspec

from autograder.models.description import (
    MAX_CALLS,
    Call,
    CompileConfig,
    Items,
    KerasObject,
    Model,
    ModelRefusedError,
    ObjectRef,
    TensorRef,
    Value,
)


def parse(value: object) -> Model:
    """Return the description that plain data spell out, in its canonical form.

    Args:
        value: what a process that runs student code sent; it may be hostile.

    Raises:
        ModelRefusedError: says what was found and what to do.
    """
    try:
        model = msgspec.convert(value, Model)
    except (msgspec.ValidationError, RecursionError):
        # The text of the error can quote an untrusted name, so it is not passed on.
        raise _malformed("the description of the model cannot be read") from None
    _check_references(model)
    _check_ends(model)
    return _without_unread_states(_Canonical(model).model())


def _without_unread_states(model: Model) -> Model:
    """Return the model whose layers return no state that nothing reads."""
    read = set(model.outputs)
    for call in model.calls:
        read.update(call.references())
    called = {call.operation for call in model.calls}
    called -= {model.calls[tensor.call].operation for tensor in read if tensor.output}
    objects = list(model.objects)
    for index in called:
        described = objects[index]
        arguments = {name: value for name, value in described.arguments.items() if name != "return_state"}
        objects[index] = msgspec.structs.replace(described, arguments=arguments)
    return msgspec.structs.replace(model, objects=tuple(objects))


def _malformed(problem: str) -> ModelRefusedError:
    way = "keras.Sequential([…]) or keras.Model(inputs, outputs)"
    return ModelRefusedError(problem, hint=f"Build it with {way} and at most {MAX_CALLS} layers.")


def _check_references(model: Model) -> None:
    """Check that objects and calls refer to earlier ones, and everything else to one that exists."""
    for index, described in enumerate(model.objects):
        for reference in _object_indices(described.arguments.values()):
            _check_index(reference, index)
    for index, call in enumerate(model.calls):
        _check_index(call.operation, len(model.objects))
        for reference in _object_indices((*call.arguments, *call.keywords.values())):
            _check_index(reference, len(model.objects))
        tensors = list(call.references())
        for tensor in tensors:
            _check_index(tensor.call, index)
        is_input = model.objects[call.operation].class_name == "InputLayer"
        if is_input is bool(tensors) or (is_input and call != Call(call.operation)):
            raise _malformed("a layer of the model has no input, or an input layer has one")
        is_opaque = model.objects[call.operation].family == "opaque"
        if is_opaque is not bool(call.declared):
            raise _malformed("a layer of the model does not say what it returns")


def _check_ends(model: Model) -> None:
    """Check the references of inputs, outputs, layers and ``compile``."""
    for tensor in (*model.inputs, *model.outputs):
        _check_index(tensor.call, len(model.calls))
    config = model.compile_config
    if config is not None:
        if (config.optimizer is None) != ("optimizer" in dict(config.unsupported)):
            raise _malformed("the model is not compiled with one optimizer")
        for compiled in (config.optimizer, config.loss, *config.metrics):
            _check_index(compiled or 0, len(model.objects))
    for layer in model.layers:
        _check_index(layer, len(model.objects))


def _check_index(index: int, end: int) -> None:
    if not 0 <= index < end:
        raise _malformed("a part of the model refers to one that does not exist")


def _object_indices(values: Iterable[Value]) -> Iterable[int]:
    for value in values:
        if type(value) is ObjectRef:
            yield value.index
        elif type(value) is Items:
            yield from _object_indices(value.values)


class _Canonical:
    """Numbers calls in the order of a walk from the outputs, and objects in the order of their use.

    What no output needs is dropped.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._objects: list[KerasObject] = []
        self._object_index: dict[int, int] = {}
        self._call_index: dict[int, int] = {}

    def model(self) -> Model:
        """Return the model with its new numbers."""
        old = self._model
        calls = []
        for index in self._walk():
            call = old.calls[index]
            operation = self._object(call.operation)  # first, since objects are numbered as they come
            arguments = tuple(map(self._value, call.arguments))
            keywords = {name: self._value(value) for name, value in call.keywords.items()}
            calls.append(Call(operation, arguments, keywords, call.declared))
        layers = tuple(map(self._object, old.layers)) if not calls else ()
        config = old.compile_config
        if config is not None:
            config = CompileConfig(
                None if config.optimizer is None else self._object(config.optimizer),
                None if config.loss is None else self._object(config.loss),
                tuple(map(self._object, config.metrics)),
                config.unsupported,
                config.own_code,
            )
        inputs = tuple(map(self._tensor, old.inputs))
        outputs = tuple(map(self._tensor, old.outputs))
        return Model(tuple(self._objects), layers, tuple(calls), inputs, outputs, config)

    def _walk(self) -> list[int]:
        """Return the calls that the outputs need, each after those that it reads."""
        calls, inputs = self._model.calls, [tensor.call for tensor in self._model.inputs]
        if not calls:
            if self._model.inputs or self._model.outputs:
                raise _malformed("the inputs of the model are not its input layers")
            return []
        # The walk has its own stack: an untrusted graph may be deeper than Python's.
        ends = [tensor.call for tensor in (*self._model.outputs, *self._model.inputs)]
        stack = [(end, False) for end in reversed(ends)]
        order: list[int] = []
        while stack:
            index, is_leaving = stack.pop()
            if is_leaving and index not in self._call_index:
                self._call_index[index] = len(order)
                order.append(index)
            elif index not in self._call_index:
                stack.append((index, True))
                sources = [tensor.call for tensor in calls[index].references()]
                stack += [(source, False) for source in reversed(sources)]
        starts = {index for index in order if not list(calls[index].references())}
        layers = {calls[index].operation for index in inputs}
        # Each input layer is called once and listed once, and no other call starts the graph.
        is_distinct = len(layers) == len(set(inputs)) == len(inputs)
        if not (inputs and self._model.outputs and is_distinct and set(inputs) == starts):
            raise _malformed("the inputs of the model are not its input layers")
        return order

    def _object(self, index: int) -> int:
        if index not in self._object_index:
            described = self._model.objects[index]
            arguments = {name: self._value(value) for name, value in described.arguments.items()}
            self._object_index[index] = len(self._objects)
            # The wire also carries NumPy's texts.
            self._objects.append(KerasObject(described.family, str(described.class_name), arguments))
        return self._object_index[index]

    def _tensor(self, tensor: TensorRef) -> TensorRef:
        return TensorRef(self._call_index[tensor.call], tensor.output)

    def _value(self, value: Value) -> Value:
        if type(value) is ObjectRef:
            return ObjectRef(self._object(value.index))
        if type(value) is TensorRef:
            return self._tensor(value)
        if type(value) is Items:
            return Items(tuple(map(self._value, value.values)))
        if isinstance(value, str):
            return str(value)  # the wire also carries NumPy's texts
        # Adding 0.0 turns -0.0 into 0.0, which would have its own key.
        return float(value) + 0.0 if isinstance(value, float) else value
