"""What no description may hold is refused in one sentence, before Keras sees any of it."""

import copy
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
from autograder.models.parse import MAX_PARAMETERS, parse
from autograder.models.shapes import count_parameters

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


def layer(kind: Any, **settings: Any) -> Plain:
    """The honest description with another first layer."""
    return forged("layers", 1, value={"class_name": kind, "arguments": settings})


def setting(number: int, name: str, value: Any) -> Plain:
    return forged("layers", number, "arguments", name, value=value)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def enormous() -> Plain:
    tree = setting(1, "output_dim", 60)
    tree["layers"][0]["arguments"]["batch_shape"] = [None, 100_000]
    return tree


KNOWN_GADGETS: dict[str, Callable[[], Any]] = {
    "a learning rate that names a function": lambda: forged(
        *("compile_config", "optimizer", "arguments", "learning_rate"),
        value={"class_name": "load_data", "module": "keras.datasets.imdb", "config": {}},
    ),
    "an activation of another module": lambda: setting(
        3, "activation", {"class_name": "function", "module": "keras.config", "config": "set_max_epochs"}
    ),
    "an activation with a path": lambda: setting(3, "activation", "keras.config.set_max_epochs"),
    "a registered name of another class": lambda: forged(
        *("layers", 1, "registered_name"), value="builtins>eval"
    ),
    "a Keras config": config,
    "a config without a module": lambda: {"class_name": "Sequential", "config": config()["config"]},
    "a marshalled lambda": lambda: layer(
        "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wAAAAA="}}
    ),
    "a vocabulary read from a file": lambda: layer("StringLookup", vocabulary="/etc/hostname"),
    "a pooling that never ends": lambda: layer(
        "MaxPooling1D", pool_size=[10**9], strides=[1], padding="same"
    ),
}

OWN_GADGETS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "a text": lambda: "keras.Sequential",
    "unknown keys": lambda: honest() | {"custom_objects": {}},
    "a missing key": lambda: {key: value for key, value in honest().items() if key != "calls"},
    "a class with a path": lambda: layer("keras.layers.Dense", units=1),
    "a class of another family": lambda: layer("Adam", learning_rate=0.1),
    "an attribute that is no class": lambda: layer("__class__"),
    "a class that is no text": lambda: layer(["Dense"], units=1),
    "a class that is a NumPy text": lambda: layer(np.str_("Dense"), units=1),
    "control characters": lambda: layer("Dense\x00\x1b[31m\u202e", units=1),
    "a setting too many": lambda: forged("layers", 3, "arguments", "kernel_initializer", value="zeros"),
    "a setting too few": lambda: layer("Dropout"),
    "a stateful layer": lambda: forged("layers", 3, "arguments", "stateful", value=True),
    "settings that are a list": lambda: forged("layers", 3, "arguments", value=[["units", 1]]),
    "a billion units": lambda: setting(3, "units", 10**9),
    "an integer of a megabit": lambda: setting(3, "units", 1 << 1_000_000),
    "no unit": lambda: setting(3, "units", 0),
    "minus one unit": lambda: setting(3, "units", -1),
    "True as a number of units": lambda: setting(3, "units", True),
    "1.0 as a number of units": lambda: setting(3, "units", 1.0),
    "1 as a flag": lambda: setting(3, "use_bias", 1),
    "a NumPy number": lambda: setting(3, "units", np.int64(1)),
    "an array as a number": lambda: setting(3, "units", np.ones(3)),
    "dropout that is not a number": lambda: layer("Dropout", rate=math.nan),
    "infinite noise": lambda: layer("GaussianNoise", stddev=math.inf),
    "dropout above 1": lambda: layer("Dropout", rate=1.5),
    "a regularizer in words": lambda: setting(3, "kernel_regularizer", "l2"),
    "a regularizer with a huge number": lambda: setting(
        3, "kernel_regularizer", {"class_name": "L2", "arguments": {"l2": 1e300}}
    ),
    "a wrapper in a wrapper": lambda: setting(
        2, "layer", {"class_name": "Bidirectional", "arguments": {"layer": None, "merge_mode": "concat"}}
    ),
    "parameters beyond measure": lambda: setting(1, "input_dim", MAX_PARAMETERS // 4 + 1),
    "an output beyond measure": enormous,
    "an object as a dtype": lambda: setting(0, "dtype", "object"),
    "a dtype of no width": lambda: setting(0, "dtype", "V0"),
    "no axis at all": lambda: setting(0, "batch_shape", []),
    "an axis of no length": lambda: setting(0, "batch_shape", [None, 0]),
    "an axis of negative length": lambda: setting(0, "batch_shape", [None, -12]),
    "many axes": lambda: setting(0, "batch_shape", [None] + [1] * 32),
    "a shape of sequences where ids are read": lambda: setting(0, "batch_shape", [None, 12, 3]),
    "a layer that reads itself": lambda: forged("calls", 2, value=[2, [2]]),
    "a layer that reads a later one": lambda: forged("calls", 1, value=[1, [3]]),
    "a layer that reads a negative one": lambda: forged("calls", 2, value=[2, [-1]]),
    "a layer that reads two": lambda: forged("calls", 2, value=[2, [0, 1]]),
    "a layer that reads nothing": lambda: forged("calls", 2, value=[2, []]),
    "an input that reads": lambda: forged("calls", 1, value=[0, [0]]),
    "a layer that is called and not there": lambda: forged("calls", 1, value=[9, [0]]),
    "a step that is no pair": lambda: forged("calls", 1, value=[1]),
    "no output": lambda: forged("outputs", value=[]),
    "no input": lambda: forged("inputs", value=[]),
    "an input twice": lambda: forged("inputs", value=[0, 0]),
    "an output that is not there": lambda: forged("outputs", value=[4]),
    "True as an output": lambda: forged("outputs", value=[True]),
    "ten thousand layers": lambda: forged("layers", value=honest()["layers"] * 2_500),
    "a million steps": lambda: forged("calls", value=[[0, []]] * 1_000_000),
    "endless reads": lambda: forged("calls", 3, value=[3, [2] * 1_000_000]),
    "values nested beyond all stacks": lambda: setting(3, "units", deep(100_000)),
    "steps nested beyond all stacks": lambda: forged("calls", value=deep(100_000)),
    "an optimizer of another module": lambda: forged(
        *("compile_config", "optimizer", "class_name"), value="keras.src.optimizers.adam.Adam"
    ),
    "a loss that is a layer": lambda: forged("compile_config", "loss", "class_name", value="Dense"),
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
    "a thousand metrics": lambda: forged(
        "compile_config", "metrics", value=honest()["compile_config"]["metrics"] * 1_000
    ),
}


@pytest.mark.parametrize("gadget", [*KNOWN_GADGETS, *OWN_GADGETS])
def test_a_gadget_is_refused_in_one_short_sentence(gadget: str) -> None:
    value = (KNOWN_GADGETS | OWN_GADGETS)[gadget]()
    with pytest.raises(ModelRefusedError) as refusal:
        parse(value)
    sentence = str(refusal.value)
    assert len(sentence) < 400
    assert sentence.isprintable()


def test_what_the_gadgets_are_made_of_is_accepted() -> None:
    assert count_parameters(parse(honest())) == 369


def test_reading_a_description_needs_no_keras() -> None:
    code = (
        "import sys; from autograder.models import parse, shapes\n"
        "assert not {'keras', 'tensorflow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_module_here_can_unpickle_or_read_a_config() -> None:
    from autograder import models

    text = "".join(path.read_text() for path in Path(models.__path__[0]).glob("*.py"))
    forbidden = ("pickle", "marshal", "from_config", "model_from_json", "load_model", "deserialize", "eval(")
    assert [word for word in forbidden if word in text] == []


class SimpleRNN(L.Dense):
    """Shares its name with a layer of Keras and nothing else."""


class Mine(keras.Model):
    """A model by subclassing."""


def relu(x: Any) -> Any:
    """Serialises exactly like the one of Keras."""
    return x


def line(*layers: Any) -> keras.Model:
    return keras.Sequential([keras.Input((12, 4)), *layers])


def graph(function: Callable[[Any], Any]) -> keras.Model:
    source = keras.Input((12, 4))
    return keras.Model(source, function(source))


def masked_by_hand() -> keras.Model:
    ids = keras.Input((12,))
    x = L.Embedding(50, 4)(ids)
    return keras.Model(ids, L.GRU(3)(x, mask=keras.ops.not_equal(ids, 0)))


def with_other_mask() -> keras.Model:
    ids, others = keras.Input((12,)), keras.Input((12,))
    embedding = L.Embedding(50, 4, mask_zero=True)
    return keras.Model([ids, others], L.GRU(3)(embedding(ids), mask=embedding.compute_mask(others)))


def with_state() -> keras.Model:
    source = keras.Input((12, 4))
    full, _last = L.GRU(3, return_sequences=True, return_state=True)(source)
    return keras.Model(source, full)


STUDENTS: dict[str, tuple[Callable[[], Any], str]] = {
    "a model of an own class": (Mine, "a class of your own: found Mine"),
    "an own model inside": (lambda: line(Mine()), "a class of your own"),
    "an own layer": (lambda: line(SimpleRNN(3)), "not the one of keras.layers"),
    "a Lambda layer": (lambda: line(L.Lambda(abs)), "found Lambda"),
    "an own activation": (lambda: line(L.Dense(3, activation=relu)), "activation of Dense .* found relu"),
    "a layer as activation": (lambda: line(L.Dense(3, activation=L.ReLU())), "found ReLU"),
    "an own regularizer": (lambda: line(L.Dense(3, kernel_regularizer=relu)), "kernel_regularizer"),
    "a constraint": (lambda: line(L.Dense(3, kernel_constraint="non_neg")), "kernel_constraint"),
    "an activity regularizer": (lambda: line(L.Dense(3, activity_regularizer="l2")), "activity_regularizer"),
    "a stateful layer": (lambda: keras.Sequential([L.GRU(3, stateful=True)]), "stateful"),
    "an unrolled layer": (lambda: line(L.GRU(3, unroll=True)), "unroll"),
    "a returned state": (with_state, "GRU"),
    "half precision": (lambda: line(L.Dense(3, dtype="float16")), "another dtype"),
    "channels first": (lambda: line(L.GlobalMaxPooling1D(data_format="channels_first")), "data_format"),
    "two directions": (
        lambda: line(L.Bidirectional(L.GRU(3), backward_layer=L.LSTM(3, go_backwards=True))),
        "two different layers",
    ),
    "attention": (lambda: graph(lambda x: L.Attention()([x, x])), "found Attention"),
    "a function of keras.ops": (lambda: graph(lambda x: L.Dense(1)(keras.ops.mean(x, axis=1))), "found Mean"),
    "an operator": (lambda: graph(lambda x: L.Dense(1)(x + x)), "found Add"),
    "training in the call": (
        lambda: graph(lambda x: L.Dropout(0.5)(x, training=True)),
        "more than its input",
    ),
    "a mask by hand": (masked_by_hand, "a mask by hand"),
    "the mask of another input": (with_other_mask, "a mask by hand"),
    "outputs by name": (lambda: graph(lambda x: {"y": L.Dense(1)(x)}), "are a dict"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", STUDENTS)
def test_what_has_no_description_is_told_to_the_student(case: str) -> None:
    make, says = STUDENTS[case]
    with pytest.raises(UnsupportedModelError, match=says) as refusal:
        encode(make())
    assert len(str(refusal.value)) < 400
    assert refusal.value.hint


def test_a_sentence_holds_no_size_that_only_a_hidden_check_asked_for() -> None:
    with pytest.raises(ModelRefusedError) as refusal:
        parse(setting(3, "units", 987_654))
    assert "987" not in refusal.value.problem + refusal.value.hint
    assert "987,654" in refusal.value.seen
