"""What one constructor argument may be: a rule turns a plain value into its canonical form or refuses it.

The values are untrusted. Types are compared with ``type(…) is``: ``True`` is not a number of
units, and no subclass with its own ``__le__`` gets into a comparison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from autograder.models.description import KerasObject, ModelRefusedError


@dataclass(frozen=True, slots=True)
class Rule:
    """The values that one argument may have, in words and as a test."""

    text: str
    """Completes "It must be …"."""

    read: Callable[[object], Any]
    """Returns the canonical value; raises ValueError for a value that is not allowed."""


Rules = Mapping[str, Rule]
Family = Mapping[str, Rules]
"""Classes of one kind by name, each with the rules of its arguments."""


def _values(text: str, kind: type, is_allowed: Callable[[Any], bool]) -> Rule:
    """Allow some values of exactly one type, unchanged."""

    def read(value: object) -> object:
        if type(value) is not kind or not is_allowed(value):
            raise ValueError
        return value

    return Rule(text, read)


FLAG = _values("True or False", bool, (True, False).__contains__)


def integer(low: int, high: int) -> Rule:
    """Allow an int in a range; a bool is not an int here."""
    text = f"a whole number from {low:,} to {high:,}"
    return _values(text, int, lambda value: low <= value <= high)


def number(low: float, high: float) -> Rule:
    """Allow a finite int or float in a range; it becomes a float."""

    def read(value: object) -> float:
        # NaN fails the comparison. Adding 0.0 turns -0.0 into 0.0, which would have its own key.
        if (type(value) is not int and type(value) is not float) or not low <= value <= high:
            raise ValueError
        return float(value) + 0.0

    return Rule(f"a number from {low:g} to {high:g}", read)


def choice(*words: str) -> Rule:
    """Allow one of several words."""
    return _values("one of " + ", ".join(map(repr, words)), str, words.__contains__)


def optional(rule: Rule) -> Rule:
    """Allow what a rule allows, or None."""
    return Rule(f"None or {rule.text}", lambda value: None if value is None else rule.read(value))


def list_of(rule: Rule, min_items: int, max_items: int) -> Rule:
    """Allow a list or tuple whose items a rule allows; it becomes a tuple."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not min_items <= len(value) <= max_items:
            raise ValueError
        return tuple(map(rule.read, value))

    count = f"{min_items}"
    if min_items != max_items:
        count += f" to {max_items}"
    return Rule(f"a list of {count}, each {rule.text}", read)


def either(first: Rule, second: Rule) -> Rule:
    """Allow what one of two rules allows."""

    def read(value: object) -> Any:
        try:
            return first.read(value)
        except ValueError:
            return second.read(value)

    return Rule(f"{first.text} or {second.text}", read)


def item_or_list(rule: Rule, max_items: int) -> Rule:
    """Allow one item or a list of them; it becomes a tuple."""
    one_item = Rule(rule.text, lambda value: (rule.read(value),))
    return either(one_item, list_of(rule, 1, max_items))


def keras_object(family: Family) -> Rule:
    """Allow an object of one of the classes of a family."""
    return Rule("one of " + ", ".join(family), lambda value: parse_object(family, value, "an argument"))


def parse_object(family: Family, value: object, label: str) -> KerasObject:
    """Return an object of a family from its plain form, with canonical arguments.

    Args:
        family: the classes it may be of.
        value: plain data, or a ``KerasObject`` whose arguments are plain data.
        label: what it is, for the message, e.g. ``"a layer"``.

    Raises:
        ModelRefusedError: its class or one of its arguments is not in the schema.
    """
    try:
        plain = msgspec.convert(value, KerasObject)
    except msgspec.ValidationError:
        # The text of the error can quote an untrusted name, so it is not passed on.
        raise ModelRefusedError(f"{label} of the model is malformed") from None
    name = plain.class_name
    if type(name) is not str or name not in family:
        raise ModelRefusedError(
            f"the model has {label} that cannot be graded",
            seen=short_repr(name),
            hint="Use a class of Keras, unchanged.",
        )
    rules = family[name]
    if plain.arguments.keys() != rules.keys():
        raise ModelRefusedError(f"{name} does not have the arguments that Keras gives it")
    arguments = {}
    for argument, rule in rules.items():
        try:
            arguments[argument] = rule.read(plain[argument])
        except ValueError:
            raise ModelRefusedError(
                f"{argument} of {name} has a value that cannot be graded",
                seen=short_repr(plain[argument]),
                hint=f"It must be {rule.text}.",
            ) from None
    return KerasObject(name, arguments)


def short_repr(value: object) -> str:
    """Return a short, printable text for any plain value, however large or hostile."""
    if value is None or type(value) in (bool, float):
        return repr(value)
    if type(value) is str:
        return repr(value[:60])  # which escapes all characters that are not printable
    # Python refuses to print integers of more than 4,300 digits.
    if type(value) is int and value.bit_length() <= 64:
        return f"{value:,}"
    if type(value) is list and len(value) <= 4 and list not in map(type, value):
        return f"[{', '.join(map(short_repr, value))}]"
    return f"something of type {type(value).__name__[:30]}"
