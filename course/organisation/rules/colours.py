"""The organisation's colour: its contrast as text and as background, and the style sheet for it.

Contrast is that of WCAG 2.2 (relative luminance, success criterion 1.4.3). The organisation chooses one colour. On dark
pages it is lightened for text until the contrast suffices; the header and the buttons keep it under white text.
"""

from __future__ import annotations

import hashlib
import re

from course.translation import lazy_gettext as _
from course.translation import lazy_sentences

MIN_CONTRAST = 4.5  # the contrast of text, criterion 1.4.3 (AA); borders need 3 only, and so are covered
DEFAULT_COLOUR = "005766"  # what the style sheet has
# The backgrounds of text or borders in the colour: --paper, --surface and --tint of css/10-tokens.css, light and dark. The light
# ones with the message that refuses a colour there.
LIGHT_BACKGROUNDS = {
    "f7f7f4": _(
        "%(colour)s is too light to be read on the page: its contrast is %(contrast)s to 1, and words need %(needed)s to 1."
    ),
    "ffffff": _(
        "%(colour)s is too light to be read on a white card, and white words on it: its contrast is %(contrast)s to 1, and "
        "words need %(needed)s to 1."
    ),
    "e3eff1": _(
        "%(colour)s is too light to be read on a note: its contrast is %(contrast)s to 1, and words need %(needed)s to 1."
    ),
}
DARK_BACKGROUNDS = ("0c171b", "152329", "12333a")
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


def parse_colour(text: str) -> str | None:
    """A colour such as #0F4C5C or #abc as six lower-case hexadecimal digits; None if the text is no colour."""
    match = _HEX.fullmatch(text.strip())
    if match is None:
        return None
    digits = match[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[0:2], 16), int(colour[2:4], 16), int(colour[4:6], 16)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2: 0 for black, 1 for white."""
    channels = [value / 255 for value in _channels(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def lowest_contrast(colour: str) -> tuple[float, str]:
    """The lowest contrast of the colour on a light page, and the background where it has it."""
    return min((contrast(colour, background), background) for background in LIGHT_BACKGROUNDS)


def nearest_readable(colour: str) -> str:
    """The colour itself if its contrast on a light page suffices, otherwise the first darker shade that suffices."""
    return next(c for c in _shades_towards(colour, 0) if lowest_contrast(c)[0] >= MIN_CONTRAST)


def dark_page_colour(colour: str) -> str:
    """The colour for text on a dark page: itself, or the first lighter shade whose contrast suffices there."""
    return next(
        c
        for c in _shades_towards(colour, 255)
        if min(contrast(c, background) for background in DARK_BACKGROUNDS) >= MIN_CONTRAST
    )


def _shades_towards(colour: str, end: int) -> list[str]:
    """The colour, and 100 steps from it to black (0) or white (255)."""
    shades = [[round(value + (end - value) * step / 100) for value in _channels(colour)] for step in range(101)]
    return ["".join(f"{value:02x}" for value in channels) for channels in shades]


def colour_refusal(colour: str) -> str | None:
    """The message that refuses a colour, with the nearest readable one; None if the colour is accepted."""
    ratio, background = lowest_contrast(colour)
    if ratio >= MIN_CONTRAST:
        return None
    # Rounded down: 4.496 must not appear as the 4.5 that it misses.
    shown = int(ratio * 100) / 100
    too_light = LIGHT_BACKGROUNDS[background] % {
        "colour": f"#{colour}",
        "contrast": f"{shown:.2f}",
        "needed": MIN_CONTRAST,
    }
    readable = f"#{nearest_readable(colour)}"
    nearest = _("The nearest colour that can be read is %(colour)s.", colour=readable)
    return lazy_sentences([too_light, nearest])


def chosen_colour(before: str | None, typed: str, picked: str) -> str | None:
    """The colour that a form chooses whose two fields showed `before`.

    A typed colour takes precedence over a picked one; an emptied field chooses the default colour (None). A text that is
    no colour is returned as it was typed.
    """
    shown = f"#{before}" if before else ""
    if typed.strip().lower() != shown:
        return (parse_colour(typed) or typed) if typed.strip() else None
    if picked and parse_colour(picked) != (before or DEFAULT_COLOUR):
        return parse_colour(picked) or picked
    return before


def style_sheet(colour: str) -> str:
    """The style sheet that replaces the colour variables of the course: the header, main buttons and links."""
    return (
        f":root{{--brand:#{colour};--night:#{colour};--night-2:color-mix(in srgb,#fff 14%,#{colour});--rim:#{colour}}}"
        f"@media(prefers-color-scheme:dark){{:root{{--brand:#{dark_page_colour(colour)};--rim:#{dark_page_colour(colour)}}}}}\n"
    )


def style_sheet_name(colour: str) -> str:
    """The name of the style sheet: it changes with its content, so that browsers may cache it."""
    return f"{colour}-{hashlib.sha256(style_sheet(colour).encode()).hexdigest()[:8]}"
