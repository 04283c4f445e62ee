"""The formulas behind the numbers that checks expect. Never released."""

from typing import Any


def expected(lab: Any) -> dict[str, Any]:
    """Return how many values are left after smoothing, by what is smoothed."""
    stored = lab.length - lab.width + 1
    return {"series": stored, "ramp": 20 - lab.width + 1}
