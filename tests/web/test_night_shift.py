"""The colours of the night shift: every text can be read on every ground that it lies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).resolve().parents[2] / "course" / "static" / "css" / "44-home.css").read_text(encoding="utf-8")
RULE = re.search(r"\n\.night-shift\{(.*?)\}", SHEET)
TOKENS = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})(?:!important)?;", RULE.group(1) if RULE else ""))


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(TOKENS[first]), luminance(TOKENS[second])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["paper", "surface", "night", "night-2", "tint", "lamp-soft"])
@pytest.mark.parametrize("text", ["ink", "muted", "brand", "lamp-ink", "good", "bad", "warn"])
def test_text_of_the_night_shift_is_legible(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


def test_edges_and_the_lit_button_of_the_night_shift_can_be_seen() -> None:
    for ground in ("paper", "surface", "night", "night-2"):
        assert contrast("edge", ground) >= 3
        assert contrast("lamp", ground) >= 3
    assert contrast("on-lamp", "lamp") >= 4.5


def test_the_night_is_dimmer_than_a_usual_dark_page() -> None:
    assert luminance(TOKENS["ink"]) < 0.7
    assert luminance(TOKENS["paper"]) < 0.006
