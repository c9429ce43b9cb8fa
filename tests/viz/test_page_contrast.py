"""Text on the page can be read: the contrast of its colours, light and dark."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = (files("racer.viz.page") / "assets" / "report.css").read_text()
ENOUGH = 4.5  # for text of any size: WCAG 2.2, success criterion 1.4.3


def colours(mode: int) -> dict[str, str]:
    """By variable; `mode` is 0 for light and 1 for dark."""
    pairs = re.findall(r"--([a-z-]+): light-dark\((#\w+), (#\w+)\)", CSS)
    return {name: both[mode] for name, *both in pairs}


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it: from 1, for the same, to 21, for black on white."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_as_the_standard_has_it() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # known to be too little


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("text", ["ink", "soft", "link", "bad"])
@pytest.mark.parametrize("ground", ["paper", "panel", "now", "changed"])
def test_text_stands_out_from_what_is_behind_it(mode: int, text: str, ground: str) -> None:
    known = colours(mode)
    assert contrast(known[text], known[ground]) >= ENOUGH


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("fill", ["good-fill", "bad-fill", "bound-fill"])
def test_a_verdict_stands_out_from_its_badge(mode: int, fill: str) -> None:
    assert contrast("#fff", colours(mode)[fill]) >= ENOUGH
