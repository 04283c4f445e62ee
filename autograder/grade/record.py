"""Results as plain values that JSON can hold, and back; nothing is lost on the way."""

import sys
from dataclasses import fields
from typing import Any

from autograder.checks import Outcome
from autograder.grade.results import CheckResult, Provenance, Result


def to_plain(result: Result) -> dict[str, Any]:
    """Return a result as dicts, lists, texts and numbers, under the names of its fields."""
    provenance = _values(result.provenance)
    return _values(result) | {
        "checks": [_values(check) | {"outcome": check.outcome.value} for check in result.checks],
        "provenance": provenance
        | {
            "versions": dict(sorted(result.provenance.versions.items())),
            "missing_layers": list(result.provenance.missing_layers),
        },
        "repairs": list(result.repairs),
        "flags": list(result.flags),
        "beliefs": dict(result.beliefs),
        "manual": dict(result.manual),
        "ids": dict(result.ids),
        "members": list(result.members),
    }


def from_plain(plain: dict[str, Any]) -> Result:
    """Return the result that ``to_plain`` was given.

    Raises:
        KeyError, TypeError, ValueError: the values are not of a result.
    """
    checks = [
        CheckResult(**{**_shared(check), "outcome": Outcome(check["outcome"])}) for check in plain["checks"]
    ]
    provenance = _shared(plain["provenance"])
    return Result(
        **{
            **_shared(plain),
            "checks": tuple(checks),
            "provenance": Provenance(
                **{
                    **provenance,
                    "versions": _shared(provenance["versions"]),
                    "missing_layers": tuple(provenance["missing_layers"]),
                }
            ),
            "repairs": tuple(plain["repairs"]),
            "flags": tuple(plain["flags"]),
            "members": tuple(plain["members"]),
        }
    )


def _shared(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the same with each text once in memory; most are alike in all results of a class."""
    return {name: sys.intern(value) if type(value) is str else value for name, value in dict(plain).items()}


def _values(noun: Result | CheckResult | Provenance) -> dict[str, Any]:
    return {field.name: getattr(noun, field.name) for field in fields(noun)}
