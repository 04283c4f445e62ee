"""The formulas behind the numbers that checks expect. Never released."""

from typing import Any


def expected(lab: Any) -> dict[str, Any]:
    """Return the parameters of the network's two layers with weights."""
    side = (lab.size - 2) // 2
    return {"conv": lab.filters * (3 * 3 + 1), "dense": lab.classes * (side * side * lab.filters + 1)}
