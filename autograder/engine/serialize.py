"""Results as plain values that JSON can hold, and back; nothing is lost on the way."""

import sys
from dataclasses import fields
from typing import Any

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, Provenance, Result


def serialize(result: Result) -> dict[str, Any]:
    """Return a result as dicts, lists, texts and numbers, under the names of its fields."""
    provenance = _field_values(result.provenance)
    return _field_values(result) | {
        "checks": [_field_values(check) | {"outcome": check.outcome.value} for check in result.checks],
        "provenance": provenance
        | {
            "versions": dict(sorted(result.provenance.versions.items())),
            "missing_layers": list(result.provenance.missing_layers),
        },
        "repairs": list(result.repairs),
        "flags": list(result.flags),
        "misconceptions": dict(result.misconceptions),
        "manual": dict(result.manual),
        "ids": dict(result.ids),
        "members": list(result.members),
    }


def deserialize(data: dict[str, Any]) -> Result:
    """Return the result that ``to_plain`` was given.

    Raises:
        KeyError, TypeError, ValueError: the values are not of a result.
    """
    checks = [
        CheckResult(**{**_intern_strings(check), "outcome": Outcome(check["outcome"])})
        for check in data["checks"]
    ]
    provenance = _intern_strings(data["provenance"])
    return Result(
        **{
            **_intern_strings(data),
            "checks": tuple(checks),
            "provenance": Provenance(
                **{
                    **provenance,
                    "versions": _intern_strings(provenance["versions"]),
                    "missing_layers": tuple(provenance["missing_layers"]),
                }
            ),
            "repairs": tuple(data["repairs"]),
            "flags": tuple(data["flags"]),
            "members": tuple(data["members"]),
        }
    )


def _intern_strings(data: dict[str, Any]) -> dict[str, Any]:
    """Return the same with each text once in memory; most are alike in all results of a class."""
    return {name: sys.intern(value) if type(value) is str else value for name, value in dict(data).items()}


def _field_values(instance: Result | CheckResult | Provenance) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in fields(instance)}
