"""Colours of the pages against WCAG 2.2, computed from their style sheets."""

import re
from itertools import product
from pathlib import Path

import pytest

from autograder.report import charts, pages

STYLE = (Path(pages.__file__).parent / "templates" / "page.html.j2").read_text(encoding="utf-8")
TEXT, GRAPHIC = 4.5, 3.0
INKS = ("ink", "quiet", "passed", "failed", "errored", "blocked", "ungraded")


def schemes() -> list[dict[str, str]]:
    """Return the colours in light, dark and print."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in blocks]
    return [found[0], found[1], found[0] | found[2]]


def luminance(colour: str) -> float:
    """Return the relative luminance, WCAG 2.2, from 0 to 1."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
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


@pytest.mark.parametrize("colours", [charts.LIGHT, charts.DARK])
def test_every_chart_can_be_read(colours: dict[str, str]) -> None:
    assert contrast(colours["ink"], colours["paper"]) >= TEXT
    assert min(contrast(colours[name], colours["paper"]) for name in ("bar", "dot")) >= GRAPHIC


def test_charts_stand_on_the_ground_of_the_page() -> None:
    light, dark, _ = schemes()
    assert contrast(light["paper"], charts.LIGHT["paper"]) == 1
    assert contrast(dark["paper"], charts.DARK["paper"]) == 1
