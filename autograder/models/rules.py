"""What one setting may be: each rule reads a plain value into its canonical form or refuses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autograder.models.description import KerasObject, ModelRefusedError, Setting


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting: the values that are allowed, in words and as a test."""

    text: str
    """Completes "must be …"."""

    read: Callable[[object], Setting]
    """Returns the canonical value; raises ValueError for one that is not allowed."""


Rules = Mapping[str, Rule]
Family = Mapping[str, Rules]
"""Classes of one kind by name, each with the settings that it has."""


def integer(low: int, high: int) -> Rule:
    """Allow an int in a range; a bool is none."""
    text = f"a whole number from {low:,} to {high:,}"
    return Rule(text, lambda value: _int(_require(type(value) is int, value), low, high))


def number(low: float, high: float) -> Rule:
    """Allow a finite int or float in a range; it becomes a float."""
    return Rule(f"a number from {low:g} to {high:g}", lambda value: _float(value, low, high))


def choice(*words: str) -> Rule:
    """Allow one of some words."""
    text = "one of " + ", ".join(map(repr, words))
    return Rule(text, lambda value: _require(type(value) is str and value in words, value))


def optional(rule: Rule) -> Rule:
    """Allow what a rule allows, or None."""
    return Rule(f"None or {rule.text}", lambda value: None if value is None else rule.read(value))


def list_of(rule: Rule, min_items: int, max_items: int) -> Rule:
    """Allow a list or tuple whose items a rule allows."""

    def read(value: object) -> Setting:
        if not isinstance(value, (list, tuple)) or not min_items <= len(value) <= max_items:
            raise ValueError
        return tuple(rule.read(item) for item in value)

    count = f"{min_items}" if min_items == max_items else f"{min_items} to {max_items}"
    return Rule(f"a list of {count}, each {rule.text}", read)


def either(first: Rule, second: Rule) -> Rule:
    """Allow what one of two rules allows."""

    def read(value: object) -> Setting:
        try:
            return first.read(value)
        except ValueError:
            return second.read(value)

    return Rule(f"{first.text} or {second.text}", read)


def keras_object(family: Family) -> Rule:
    """Allow an object of one of the classes of a family."""
    return Rule("one of " + ", ".join(family), lambda value: parse_object(family, value, "a setting"))


FLAG = Rule("True or False", lambda value: _require(type(value) is bool, value))


def parse_object(family: Family, value: object, label: str) -> KerasObject:
    """Return an object of a family from its plain form.

    Args:
        what: what it is, for the message, e.g. ``"a layer"``.

    Raises:
        Refused: its class or one of its settings is not in the table.
    """
    if type(value) is not dict or value.keys() != {"kind", "settings"}:
        raise ModelRefusedError(f"{label} of the model is not described as one")
    kind, settings = value["kind"], value["settings"]
    if type(kind) is not str or kind not in family:
        raise ModelRefusedError(
            f"the model has {label} that cannot be graded",
            seen=short_repr(kind),
            hint="Use those of Keras as they are.",
        )
    rules = family[kind]
    if type(settings) is not dict or settings.keys() != rules.keys():
        raise ModelRefusedError(f"{kind} has other settings than Keras gives it")
    return KerasObject(
        kind, tuple((name, _read(kind, name, rule, settings[name])) for name, rule in rules.items())
    )


def _read(kind: str, name: str, rule: Rule, value: object) -> Setting:
    try:
        return rule.read(value)
    except ValueError:
        raise ModelRefusedError(
            f"{name} of {kind} is set to something that cannot be graded",
            seen=short_repr(value),
            hint=f"It must be {rule.text}.",
        ) from None


def short_repr(value: object) -> str:
    """Return a short text for any plain value, however large or hostile."""
    if type(value) is str:
        return repr("".join(filter(str.isprintable, value[:60])))
    if value is None or type(value) in (bool, float):
        return repr(value)
    if type(value) is int:
        return f"{value:,}" if value.bit_length() <= 64 else "a huge number"
    if type(value) is list and len(value) <= 4 and not any(type(item) is list for item in value):
        return f"[{', '.join(map(short_repr, value))}]"
    return f"something of type {type(value).__name__[:30]}"


def _require(condition: bool, value: object) -> Setting:
    if not condition:
        raise ValueError
    return value  # type: ignore[return-value]


def _int(value: Setting, low: int, high: int) -> int:
    if not (isinstance(value, int) and low <= value <= high):
        raise ValueError
    return value


def _float(value: object, low: float, high: float) -> float:
    if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
        raise ValueError  # NaN too: it compares false
    return float(value) + 0.0  # type: ignore[arg-type]  # -0.0 would give a key of its own
