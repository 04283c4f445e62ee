"""What no description may hold is refused in one sentence, before Keras sees any of it."""

import copy
import gc
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import pytest

from autograder.models.description import ModelRefusedError, UnsupportedModelError
from autograder.models.encode import encode
from autograder.models.parse import parse
from autograder.models.rebuild import build
from autograder.models.sizes import MAX_PARAMETERS, measure, require_reasonable

L = keras.layers
Plain = dict[str, Any]


def honest() -> Plain:
    """A small classifier as it comes over the wire."""
    model = keras.Sequential(
        [keras.Input((12,)), L.Embedding(50, 4), L.Bidirectional(L.GRU(3)), L.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mae"])
    plain: Plain = msgspec.json.decode(msgspec.json.encode(encode(model)))
    return plain


def config() -> Plain:
    model = keras.Sequential([keras.Input((5,)), L.Dense(1)])
    return {"class_name": "Sequential", "module": "keras", "config": model.get_config()}


def forged(*path: Any, value: Any) -> Plain:
    """The honest description with one place changed."""
    tree = copy.deepcopy(honest())
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return tree


def index_of(name: str) -> int:
    """Where the honest description has an object."""
    return [described["class_name"] for described in honest()["objects"]].index(name)


def layer(kind: Any, **arguments: Any) -> Plain:
    """The honest description with another first layer."""
    described = {"family": "layers", "class_name": kind, "arguments": arguments}
    return forged("objects", index_of("Embedding"), value=described)


def argument(owner: str, name: str, value: Any) -> Plain:
    return forged("objects", index_of(owner), "arguments", name, value=value)


def operation(name: str, *call: Any, family: str = "operations", **arguments: Any) -> Plain:
    """The honest description with a function of Keras behind its embedding."""
    tree = copy.deepcopy(honest())
    tree["objects"].append({"family": family, "class_name": name, "arguments": arguments})
    tree["calls"].append([len(tree["objects"]) - 1, [["tensor", 1, 0], *call], {}])
    tree["outputs"] = [["tensor", len(tree["calls"]) - 1, 0]]
    return tree


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def enormous() -> Plain:
    tree = argument("Embedding", "output_dim", 60)
    tree["objects"][0]["arguments"]["batch_shape"] = ["list", [None, 100_000]]
    return tree


def refuse(value: object) -> None:
    """Take a description as the grader does, which builds it in a process that may be killed."""
    model = parse(value)
    if model.is_built:
        require_reasonable(measure(model))
    build(model, seed=1)


KNOWN_GADGETS: dict[str, Callable[[], Any]] = {
    "a learning rate that names a function": lambda: argument(
        "Adam", "learning_rate", {"class_name": "load_data", "module": "keras.datasets.imdb", "config": {}}
    ),
    "an activation of another module": lambda: argument(
        "Dense",
        "activation",
        {"class_name": "function", "module": "keras.config", "config": "set_max_epochs"},
    ),
    "an activation with a path": lambda: argument("Dense", "activation", "keras.config.set_max_epochs"),
    "a registered name of another class": lambda: forged(
        *("objects", 1, "registered_name"), value="builtins>eval"
    ),
    "a Keras config": config,
    "a config without a module": lambda: {"class_name": "Sequential", "config": config()["config"]},
    "a marshalled lambda": lambda: layer(
        "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wAAAAA="}}
    ),
    "a Lambda of a function of Keras": lambda: layer("Lambda", function=["object", index_of("sigmoid")]),
    "a vocabulary read from a file": lambda: layer("StringLookup", vocabulary="/etc/hostname"),
    "integers read from a file": lambda: layer("IntegerLookup", vocabulary="/etc/hostname"),
    "words read from a file": lambda: layer("TextVectorization", vocabulary="/etc/hostname"),
    "a saved model": lambda: layer("TFSMLayer", filepath="/tmp/model"),
    "a pooling that never ends": lambda: layer("MaxPooling1D", pool_size=10**9, padding="same"),
}

OWN_GADGETS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "a text": lambda: "keras.Sequential",
    "unknown keys": lambda: honest() | {"custom_objects": {}},
    "a missing key": lambda: {key: value for key, value in honest().items() if key != "calls"},
    "a class with a path": lambda: layer("keras.layers.Dense", units=1),
    "a class of another family": lambda: layer("Adam", learning_rate=0.1),
    "a family that is a module": lambda: forged("objects", 1, "family", value="utils"),
    "a family of another place": lambda: forged("objects", 1, "family", value="optimizers"),
    "an attribute that is no class": lambda: layer("__class__"),
    "a function of the module": lambda: layer("deserialize", config=1),
    "a base class": lambda: layer("Layer"),
    "a class that is no text": lambda: layer(["Dense"], units=1),
    "a class that is a NumPy text": lambda: layer(np.str_("Dense"), units=1),
    "control characters": lambda: layer("Dense\x00\x1b[31m\u202e", units=1),
    "an argument that is none of its own": lambda: argument("Dense", "rate", 0.5),
    "a name": lambda: argument("Dense", "name", "mine"),
    "a seed": lambda: layer("Dropout", rate=0.5, seed=1),
    "weights": lambda: argument("Embedding", "weights", ["list", [1.0]]),
    "another precision": lambda: argument("Dense", "dtype", "float16"),
    "an argument of the base class": lambda: argument("Dense", "autocast", False),
    "too few arguments": lambda: layer("Dropout"),
    "a stateful layer": lambda: argument("GRU", "stateful", True),
    "a quantized layer": lambda: argument("Dense", "quantization_config", "int8"),
    "arguments that are a list": lambda: forged("objects", 1, "arguments", value=[["units", 1]]),
    "a dict as an argument": lambda: argument("Dense", "kernel_initializer", {"class_name": "Zeros"}),
    "a dict in a list": lambda: argument("Dense", "kernel_initializer", ["list", [{"module": "os"}]]),
    "a billion units": lambda: argument("Dense", "units", 10**9),
    "an integer of a megabit": lambda: argument("Dense", "units", 1 << 1_000_000),
    "no unit": lambda: argument("Dense", "units", 0),
    "minus one unit": lambda: argument("Dense", "units", -1),
    "half a unit": lambda: argument("Dense", "units", 1.5),
    "a tensor as a number": lambda: argument("Dense", "units", ["tensor", 0, 0]),
    "an array as a number": lambda: argument("Dense", "units", np.ones(3)),
    "a word as a number": lambda: argument("Dense", "units", "1"),
    "dropout that is not a number": lambda: layer("Dropout", rate=math.nan),
    "infinite noise": lambda: layer("GaussianNoise", stddev=math.inf),
    "dropout above 1": lambda: layer("Dropout", rate=1.5),
    "a regularizer in words": lambda: argument("Dense", "kernel_regularizer", "l2"),
    "a path as an initializer": lambda: argument("Dense", "kernel_initializer", "/etc/hostname"),
    "an initializer as an activation": lambda: argument("Dense", "activation", ["object", 0]),
    "an activation as a layer": lambda: argument("Bidirectional", "layer", ["object", 0]),
    "itself as its layer": lambda: argument("Bidirectional", "layer", ["object", index_of("Bidirectional")]),
    "a later object": lambda: argument("Embedding", "output_dim", ["object", index_of("Dense")]),
    "an object that does not exist": lambda: argument("Dense", "activation", ["object", 99]),
    "an object before the first": lambda: argument("Dense", "activation", ["object", -1]),
    "parameters beyond measure": lambda: argument("Embedding", "input_dim", MAX_PARAMETERS // 4 + 1),
    "an output beyond measure": enormous,
    "an object as a dtype": lambda: argument("InputLayer", "dtype", "object"),
    "a dtype of no width": lambda: argument("InputLayer", "dtype", "V0"),
    "an input that is sparse": lambda: argument("InputLayer", "sparse", True),
    "a tensor as an input": lambda: argument("InputLayer", "input_tensor", ["tensor", 0, 0]),
    "no axis at all": lambda: argument("InputLayer", "batch_shape", ["list", []]),
    "an axis of negative length": lambda: argument("InputLayer", "batch_shape", ["list", [None, -12]]),
    "a shape of sequences where ids are read": lambda: argument(
        "InputLayer", "batch_shape", ["list", [None, 12, 3, 4]]
    ),
    "a layer that reads itself": lambda: forged("calls", 2, value=[3, [["tensor", 2, 0]], {}]),
    "a layer that reads a later one": lambda: forged("calls", 1, value=[1, [["tensor", 3, 0]], {}]),
    "a layer that reads a negative one": lambda: forged("calls", 2, value=[3, [["tensor", -1, 0]], {}]),
    "an output that its layer lacks": lambda: forged("calls", 2, value=[3, [["tensor", 1, 1]], {}]),
    "a negative output": lambda: forged("calls", 2, value=[3, [["tensor", 1, -1]], {}]),
    "a layer that reads two": lambda: forged("calls", 1, value=[1, [["tensor", 0, 0], ["tensor", 0, 0]], {}]),
    "a layer that reads nothing": lambda: forged("calls", 2, value=[3, [], {}]),
    "a layer that reads a number": lambda: forged("calls", 2, value=[3, [1], {}]),
    "an input that reads": lambda: forged("calls", 1, value=[0, [["tensor", 0, 0]], {}]),
    "a layer that is called and not there": lambda: forged("calls", 1, value=[99, [["tensor", 0, 0]], {}]),
    "an optimizer that is called": lambda: forged(
        "calls", 1, value=[index_of("Adam"), [["tensor", 0, 0]], {}]
    ),
    "a keyword that is code": lambda: forged("calls", 1, value=[1, [["tensor", 0, 0]], {"a.b()": 1}]),
    "a keyword that nobody knows": lambda: forged("calls", 1, value=[1, [["tensor", 0, 0]], {"x": 1}]),
    "a step that is no call": lambda: forged("calls", 1, value=[1]),
    "no output": lambda: forged("outputs", value=[]),
    "no input": lambda: forged("inputs", value=[]),
    "an input twice": lambda: forged("inputs", value=[["tensor", 0, 0]] * 2),
    "an output that is not there": lambda: forged("outputs", value=[["tensor", 4, 0]]),
    "True as an output": lambda: forged("outputs", value=[["tensor", True, 0]]),
    "ten thousand layers": lambda: forged("objects", value=honest()["objects"] * 2_500),
    "a million steps": lambda: forged("calls", value=[[0, [], {}]] * 1_000_000),
    "endless reads": lambda: forged("calls", 3, value=[3, [["tensor", 2, 0]] * 1_000_000, {}]),
    "values nested beyond all stacks": lambda: argument("Dense", "units", deep(100_000)),
    "steps nested beyond all stacks": lambda: forged("calls", value=deep(100_000)),
    "a function that is not listed": lambda: operation("custom_gradient"),
    "a function that takes functions": lambda: operation("map"),
    "a function that makes an array": lambda: operation("convert_to_numpy"),
    "a function with a word for an array": lambda: operation("add", "/etc/hostname"),
    "a function that repeats without end": lambda: operation("tile", ["list", [1, 60_000, 60_000]]),
    "a slice of a billion": lambda: operation("get_item", ["slice", 0, 1 << 80, 1]),
    "an optimizer of another module": lambda: forged(
        *("objects", index_of("Adam"), "class_name"), value="keras.src.optimizers.adam.Adam"
    ),
    "a loss that is a layer": lambda: forged("compile_config", "loss", value=index_of("Dense")),
    "a metric that is a loss": lambda: forged(
        "compile_config", "metrics", value=[index_of("BinaryCrossentropy")]
    ),
    "compiled without an optimizer": lambda: forged("compile_config", "optimizer", value=None),
    "an optimizer of its own besides": lambda: forged(
        "compile_config", "unsupported", value=[["optimizer", "own"]]
    ),
    "a foreign name that is code": lambda: forged(
        *("compile_config", "unsupported"), value=[["loss", "__import__('os').abort()"]]
    ),
    "a foreign name with markup": lambda: forged(
        *("compile_config", "unsupported"), value=[["loss", "<script>alert(1)</script>"]]
    ),
    "a foreign place": lambda: forged("compile_config", "unsupported", value=[["run_eagerly", "yes"]]),
    "a foreign pair that is none": lambda: forged("compile_config", "unsupported", value=[["loss"]]),
    "a thousand metrics": lambda: forged("compile_config", "metrics", value=[0] * 1_000),
}


@pytest.mark.parametrize("gadget", [*KNOWN_GADGETS, *OWN_GADGETS])
def test_a_gadget_is_refused_in_one_short_sentence(gadget: str) -> None:
    value = (KNOWN_GADGETS | OWN_GADGETS)[gadget]()
    with pytest.raises(ModelRefusedError) as refusal:
        refuse(value)
    sentence = str(refusal.value)
    assert len(sentence) < 400
    assert sentence.isprintable()


def test_what_the_gadgets_are_made_of_is_accepted() -> None:
    refuse(honest())
    refuse(operation("mean", axis=1))
    assert measure(parse(honest())).parameters == 369


def test_nothing_is_left_of_a_model_that_was_measured() -> None:
    before = count_weights()
    assert measure(parse(argument("Embedding", "output_dim", 41))).parameters > 50 * 41
    assert count_weights() == before


def count_weights() -> int:
    gc.collect()
    return sum(type(item) is keras.Variable for item in gc.get_objects())


def test_a_model_that_is_too_large_is_not_created_together_with_a_later_one() -> None:
    tree = argument("Embedding", "input_dim", 10_000_000)
    tree["objects"][index_of("Embedding")]["arguments"]["output_dim"] = 60_000
    with pytest.raises(ModelRefusedError, match="too large"):
        refuse(tree)
    # A pipeline has no ``build``, so Keras builds it in a scope of its own, and then creates its weights.
    assert L.Pipeline([L.Dense(2)])(keras.Input((3,))).shape == (None, 2)


def test_reading_a_description_needs_no_keras() -> None:
    code = (
        "import sys; from autograder.models import parse\n"
        "assert not {'keras', 'tensorflow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_module_here_can_unpickle_or_read_a_config() -> None:
    from autograder import models

    text = "".join(path.read_text() for path in Path(models.__path__[0]).glob("*.py"))
    forbidden = ("pickle", "marshal", "from_config", "model_from_json", "load_model", "deserialize", "eval(")
    assert [word for word in forbidden if word in text] == []


class Mine(keras.Model):
    """A model by subclassing."""


def line(*layers: Any) -> keras.Model:
    return keras.Sequential([keras.Input((12, 4)), *layers])


def graph(function: Callable[[Any], Any]) -> keras.Model:
    source = keras.Input((12, 4))
    return keras.Model(source, function(source))


STUDENTS: dict[str, tuple[Callable[[], Any], str]] = {
    "a model of an own class": (Mine, "a class of your own: found Mine"),
    "outputs by name": (lambda: graph(lambda x: {"y": L.Dense(1)(x)}), "are a dict"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", STUDENTS)
def test_what_has_no_description_is_told_to_the_student(case: str) -> None:
    make, says = STUDENTS[case]
    with pytest.raises(UnsupportedModelError, match=says) as refusal:
        encode(make())
    assert len(str(refusal.value)) < 400


def test_a_sentence_holds_no_size_that_only_a_hidden_check_asked_for() -> None:
    with pytest.raises(ModelRefusedError) as refusal:
        refuse(argument("Dense", "units", 987_654))
    assert "987" not in refusal.value.problem + refusal.value.hint
    assert "987,654" in refusal.value.seen
