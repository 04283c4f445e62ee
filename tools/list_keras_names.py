"""Write the list of Keras' classes and functions that a model's description may name.

    python -m tools.list_keras_names

Run it after an update of Keras, read the difference, and commit it. What is left out, and why, is said
below; everything else of Keras' own that is public is listed.
"""

import inspect
import re
import textwrap
from pathlib import Path

import keras

import autograder
from autograder.models.catalog import MODULES

NAMES_FILE = Path(autograder.__file__).parent / "models" / "keras_names.py"

LEFT_OUT = {
    "Layer": "the base class",
    "InputSpec": "not a layer",
    "Wrapper": "the base class of wrappers",
    "Lambda": "runs any function",
    "TFSMLayer": "reads and runs a file",
    "JaxLayer": "runs any function",
    "FlaxLayer": "runs any function",
    "TorchModuleWrapper": "runs any function",
    "StringLookup": "its vocabulary can be read from a file",
    "IntegerLookup": "its vocabulary can be read from a file",
    "TextVectorization": "its vocabulary can be read from a file",
    "Regularizer": "a base class",
    "Constraint": "a base class",
    "Initializer": "a base class",
    "Optimizer": "a base class",
    "OptimizerMap": "not an optimizer",
    "MultiOptimizer": "optimizers by layer",
    "LossScaleOptimizer": "depends on the precision, which does not cross",
    "LearningRateSchedule": "a base class",
    "Loss": "a base class",
    "Metric": "a base class",
    "MeanMetricWrapper": "runs any function",
    "Mean": "not a metric for compile",
    "Sum": "not a metric for compile",
}
"""Classes that are not listed, with the reason."""

FUNCTIONS_LEFT_OUT = {"get", "serialize", "deserialize"}

OPERATIONS_LEFT_OUT = {
    *("cond", "custom_gradient", "fori_loop", "map", "scan", "associative_scan", "switch", "vectorize"),
    *("vectorized_map", "while_loop", "convert_to_numpy", "is_tensor", "jvp"),
}
"""Operations that take functions, or return no tensor."""


def class_names(module: object) -> list[str]:
    """Return the names of the public classes of a module, each once."""
    names: dict[object, str] = {}
    for name, value in sorted(vars(module).items()):
        is_listed = inspect.isclass(value) and not {value.__name__, name} & LEFT_OUT.keys()
        if is_listed and (value not in names or name == value.__name__):
            names[value] = name
    return sorted(names.values())


def function_names(module: object) -> list[str]:
    """Return the names of the public functions of a module."""
    names = [name for name, value in vars(module).items() if inspect.isfunction(value)]
    return sorted(name for name in names if re.fullmatch("[a-z][a-z0-9_]*", name))


def main() -> None:
    """Write the list."""
    names = {}
    for family, module in MODULES.items():
        if family == "activations":
            names[family] = sorted(set(function_names(module)) - FUNCTIONS_LEFT_OUT)
        elif family == "operations":
            names[family] = sorted(set(function_names(module)) - OPERATIONS_LEFT_OUT)
        else:
            names[family] = class_names(module)
    title = "Keras' own classes and functions by family; made by ``python -m tools.list_keras_names``."
    lines = [
        f'"""{title}"""',
        "",
        "# ruff: noqa: SIM905  six hundred names are easier to compare as text",
        "",
    ]
    lines.append("NAMES = {")
    for family, words in names.items():
        lines += [f'    "{family}": """', *textwrap.wrap(" ".join(words), 100), '    """.split(),']
    NAMES_FILE.write_text("\n".join([*lines, "}", ""]), encoding="ascii")
    print(f"Keras {keras.__version__}: {sum(map(len, names.values()))} names")


if __name__ == "__main__":
    main()
