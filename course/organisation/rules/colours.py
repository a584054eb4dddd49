"""The organisation's colour: whether what is written in it, and on it, can be read, and the style sheet for it.

Contrast is that of WCAG 2.2 (relative luminance, success criterion 1.4.3). One colour is chosen. On dark pages it is
lightened for words until it can be read; the top of the page and the buttons keep it under white words.
"""

from __future__ import annotations

import hashlib
import re

MIN_CONTRAST = 4.5  # the contrast of words, criterion 1.4.3 (AA); borders need 3 only, and so are covered
DEFAULT_COLOUR = "0f4c5c"  # what site.css has
# On what the colour stands as words or border: --paper, --surface and --soft of site.css, light and dark.
LIGHT_BACKGROUNDS = {"faf8f4": "the page", "ffffff": "a white card, and white words on it", "e4eff1": "a note"}
DARK_BACKGROUNDS = ("10191d", "18242a", "17323a")
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


def parse_colour(text: str) -> str | None:
    """A colour such as #0F4C5C or #abc as six small hexadecimal digits; None if it is none."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        return None
    digits = found[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[0:2], 16), int(colour[2:4], 16), int(colour[4:6], 16)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2: 0 for black, 1 for white."""
    shares = [value / 255 for value in _channels(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lowest_contrast(colour: str) -> tuple[float, str]:
    """The least contrast that the colour has on a light page, and where that is."""
    return min((contrast(colour, ground), place) for ground, place in LIGHT_BACKGROUNDS.items())


def nearest_readable(colour: str) -> str:
    """The colour itself if it can be read on a light page, else the first darker one of its hue that can."""
    return next(c for c in _shades_towards(colour, 0) if lowest_contrast(c)[0] >= MIN_CONTRAST)


def dark_page_colour(colour: str) -> str:
    """The colour for words on a dark page: itself, or the first lighter one that can be read there."""
    return next(
        c
        for c in _shades_towards(colour, 255)
        if min(contrast(c, ground) for ground in DARK_BACKGROUNDS) >= MIN_CONTRAST
    )


def _shades_towards(colour: str, end: int) -> list[str]:
    """The colour, and 100 steps from it to black (0) or white (255)."""
    mixed = [[round(value + (end - value) * step / 100) for value in _channels(colour)] for step in range(101)]
    return ["".join(f"{value:02x}" for value in channels) for channels in mixed]


def colour_refusal(colour: str) -> str | None:
    """Why a colour cannot be taken, with the one that could; None if it can."""
    ratio, place = lowest_contrast(colour)
    if ratio >= MIN_CONTRAST:
        return None
    # Rounded down: 4.496 must not be told as the 4.5 that it misses.
    told = int(ratio * 100) / 100
    return (
        f"#{colour} is too light to be read on {place}: its contrast is {told:.2f} to 1, and words need {MIN_CONTRAST} to 1. "
        f"The nearest colour that can be read is #{nearest_readable(colour)}."
    )


def chosen_colour(before: str | None, typed: str, picked: str) -> str | None:
    """What somebody wants who saw `before` in both fields. What they typed wins over what they picked; an emptied
    field gives the usual colour back (None). What is no colour is returned as it was typed."""
    shown = f"#{before}" if before else ""
    if typed.strip().lower() != shown:
        return (parse_colour(typed) or typed) if typed.strip() else None
    if picked and parse_colour(picked) != (before or DEFAULT_COLOUR):
        return parse_colour(picked) or picked
    return before


def style_sheet(colour: str) -> str:
    """The variables of site.css that the colour replaces."""
    return (
        f":root{{--brand:#{colour};--deep:#{colour}}}"
        f"@media(prefers-color-scheme:dark){{:root{{--brand:#{dark_page_colour(colour)}}}}}\n"
    )


def style_sheet_name(colour: str) -> str:
    """The name of the style sheet: it changes with each word of it, so browsers may keep it."""
    return f"{colour}-{hashlib.sha256(style_sheet(colour).encode()).hexdigest()[:8]}"
