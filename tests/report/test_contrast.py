"""Colors of the pages against WCAG 2.2, computed from their style sheets."""

import re
from itertools import product
from pathlib import Path

import pytest

from autograder.report import pages

STYLE = (Path(pages.__file__).parent / "templates" / "page.html.j2").read_text(encoding="utf-8")
TEXT, GRAPHIC = 4.5, 3.0
INKS = ("ink", "quiet", "passed", "failed", "errored", "blocked", "ungraded", "review")


def schemes() -> list[dict[str, str]]:
    """Return the colors in light, dark and print."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    actual = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in blocks]
    return [actual[0], actual[1], actual[0] | actual[2]]


def luminance(color: str) -> float:
    """Return the relative luminance, WCAG 2.2, from 0 to 1."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_the_known_extremes() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", schemes())
def test_every_text_can_be_read_on_every_ground(scheme: dict[str, str]) -> None:
    for ink, ground in product(INKS, ("paper", "tint")):
        assert contrast(scheme[ink], scheme[ground]) >= TEXT, (ink, ground)


@pytest.mark.parametrize("scheme", schemes())
def test_every_bar_can_be_seen_on_the_page(scheme: dict[str, str]) -> None:
    for name in ("bar", *INKS[2:]):  # each outcome has a bar too
        assert contrast(scheme[name], scheme["paper"]) >= GRAPHIC, name
