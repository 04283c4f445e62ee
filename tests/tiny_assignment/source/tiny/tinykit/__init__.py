"""The kit of the tiny assignment: a series, and what is printed about answers."""

from tinykit.series import make_series
from tinykit.tables import show_smoothing, show_spread

__all__ = ["make_series", "show_smoothing", "show_spread"]
