"""The logo and the colour: refusals, responses, and the frame of every page."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin
from sqlalchemy.orm import Session

from course.context import make_context
from course.organisation import actions
from course.organisation.queries import organisation
from course.organisation.rules import colours
from course.organisation.rules.logos import LogoRefusedError, clean_logo
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client, Page

CSS = Path(__file__).parents[2] / "course/static/css/10-tokens.css"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("000000", "ffffff", 21.0),
        ("ffffff", "ffffff", 1.0),
        ("767676", "ffffff", 4.54),
        ("777777", "ffffff", 4.48),
        ("ff0000", "ffffff", 4.0),
        ("0000ff", "ffffff", 8.59),
        ("008000", "ffffff", 5.14),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert round(colours.contrast(one, other), 2) == expected
    assert colours.contrast(one, other) == colours.contrast(other, one)


@pytest.mark.parametrize("colour", ["ffffff", "ffff00", "ff0000", "767676", "00a0a0", "000000", "005766"])
def test_the_nearest_colour_has_enough_contrast_and_one_step_less_has_not(colour: str) -> None:
    found = colours.nearest_readable(colour)
    assert colours.colour_refusal(found) is None
    assert (found == colour) == (colours.colour_refusal(colour) is None)
    for ground in colours.DARK_BACKGROUNDS:
        assert colours.contrast(colours.dark_page_colour(colour), ground) >= colours.MIN_CONTRAST
    if found != colour:
        path = colours._shades_towards(colour, 0)
        assert colours.colour_refusal(path[path.index(found) - 1])


@pytest.mark.parametrize(
    ("before", "typed", "picked", "expected"),
    [
        (None, "", "#005766", None),
        (None, "#7A1F5C", "#005766", "7a1f5c"),
        (None, "", "#7a1f5c", "7a1f5c"),
        ("7a1f5c", "#7a1f5c", "#7a1f5c", "7a1f5c"),
        ("7a1f5c", "#7a1f5c", "#112233", "112233"),
        ("7a1f5c", "123", "#445566", "112233"),
        ("7a1f5c", "", "#7a1f5c", None),
        (None, "red", "#005766", "red"),
    ],
)
def test_a_typed_colour_takes_precedence_over_a_picked_one(
    before: str | None, typed: str, picked: str, expected: str
) -> None:
    assert colours.chosen_colour(before, typed, picked) == expected


def test_the_backgrounds_are_those_of_the_style_sheet() -> None:
    light, _, rest = CSS.read_text().partition("@media")
    dark = rest[: rest.index("}\n}")]
    for text, expected in ((light, set(colours.LIGHT_BACKGROUNDS)), (dark, set(colours.DARK_BACKGROUNDS))):
        found = dict(re.findall(r"--(paper|surface|tint):#([0-9a-f]{3,6})", text))
        assert {colours.parse_colour(value) for value in found.values()} == expected
    assert f"--brand:#{colours.DEFAULT_COLOUR}" in light


def png(size: tuple[int, int] = (960, 200), **kept: object) -> bytes:
    found = io.BytesIO()
    Image.new("RGBA", size, (122, 31, 92, 255)).save(found, "PNG", **kept)
    return found.getvalue()


def black_and_white(size: tuple[int, int]) -> bytes:
    """A bit for each pixel: the smallest file that asks for so many, which is also made fast."""
    found = io.BytesIO()
    Image.new("1", size).save(found, "PNG")
    return found.getvalue()


def test_a_logo_is_made_smaller_and_no_other_data_of_the_file_is_stored() -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "taken at home")
    clean = clean_logo(png(pnginfo=note) + b"<script>alert(1)</script>")
    assert b"taken at home" not in clean
    assert b"script" not in clean
    with Image.open(io.BytesIO(clean)) as picture:
        assert (picture.format, picture.size, picture.info) == ("PNG", (480, 100), {})
        assert picture.getpixel((0, 0)) == (122, 31, 92, 255)
    assert clean_logo(clean) == clean


def test_a_photograph_is_turned_upright_and_loses_its_location() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    found = io.BytesIO()
    Image.new("RGB", (40, 20)).save(found, "JPEG", exif=exif)
    clean = clean_logo(found.getvalue())
    assert b"taken at home" not in clean
    with Image.open(io.BytesIO(clean)) as picture:
        assert picture.size == (20, 40)


def animated(kind: str) -> bytes:
    found = io.BytesIO()
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(found, kind, save_all=True, append_images=frames[1:])
    return found.getvalue()


def badly_described() -> bytes:
    """A photograph with a rotation, and with a text in place of its resolution."""
    turned, resolution = struct.pack("<HHII", 0x112, 3, 1, 6), struct.pack("<HHI4s", 0x11A, 2, 3, b"ab")
    found = io.BytesIO()
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + turned + resolution + bytes(4)
    Image.new("RGB", (40, 20)).save(found, "JPEG", exif=exif)
    return found.getvalue()


# Each is made when its test runs: the large ones take long, and every process collects this list.
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"", "Choose a file"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no PNG or JPEG"),
        (lambda: png()[:-60], "no PNG or JPEG"),
        (lambda: animated("GIF"), "no PNG or JPEG"),
        (lambda: animated("PNG"), "more than one picture"),
        (lambda: png((5000, 4000)), "million pixels"),
        (lambda: black_and_white((20000, 10000)), "million pixels"),
        (lambda: png() + bytes(1024 * 1024), "larger than 1 MB"),
        (badly_described, "no PNG or JPEG"),
    ],
    ids=["nothing", "svg", "cut off", "gif", "moving png", "large", "bomb", "heavy", "badly described"],
)
def test_a_file_that_is_no_still_picture_of_a_reasonable_size_is_refused(make: Callable[[], bytes], words: str) -> None:
    data = make()
    with pytest.raises(LogoRefusedError, match=words):
        clean_logo(data)


def upload(client: Client, data: bytes) -> Page:
    form = {"csrf_token": client.token(), "what": "logo", "file": (io.BytesIO(data), "logo.png")}
    return Page(client.flask.post("/organisation/look", data=form))


def test_a_logo_is_shown_on_every_page_until_it_is_removed(session: Session, client: Client, app: Flask) -> None:
    sign_in(client, make_person(session, role="administrator"))
    assert "no PNG" in upload(client, b"<svg/>").text
    assert upload(client, png()).status == 303
    name = f"/logo/{hashlib.sha256(clean_logo(png())).hexdigest()}.png"
    for page in (client.get("/"), client.get("/organisation/look"), Client(app).get("/sign-in")):
        assert name in [image.get("src") for image in page.all("img")]
    served = Client(app).get(name)
    assert served.body == clean_logo(png())
    assert served.headers["Content-Type"] == "image/png"
    assert "immutable" in served.headers["Cache-Control"]
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    client.post("/organisation/look", {"what": "colour", "typed": "#7a1f5c"})
    assert name in client.get("/").html
    client.post("/organisation/look", {"what": "remove"})
    assert "/logo/" not in client.get("/").html
    client.get(f"/logo/{'0' * 64}.png", 404)


def test_a_colour_comes_with_a_style_sheet_of_its_own(session: Session, client: Client, app: Flask) -> None:
    sign_in(client, make_person(session, role="administrator"))
    assert "/look/" not in client.get("/").html
    form = client.get("/organisation/look").fields()
    page = client.post("/organisation/look", form | {"what": "colour", "typed": "#ff8800"}, 422)
    assert "its contrast is 2.0" in page.text
    assert f"#{colours.nearest_readable('ff8800')}" in page.text
    assert page.fields()["typed"] == "#ff8800"
    assert "such as #005766" in client.post("/organisation/look", form | {"what": "colour", "typed": "red"}, 422).text
    client.post("/organisation/look", form | {"what": "colour", "picked": "#7a1f5c"})
    address = f"/look/{colours.style_sheet_name('7a1f5c')}.css"
    assert address in client.get("/module/responding").html
    served = Client(app).get(address)
    assert b"--brand:#7a1f5c;--night:#7a1f5c" in served.body
    assert "immutable" in served.headers["Cache-Control"]
    for other in ("7a1f5c-00000000", "ff8800-" + address[-12:-4], "nothing"):
        client.get(f"/look/{other}.css", 404)
    client.post("/organisation/look", form | {"what": "colour", "typed": ""})
    assert "/look/" not in client.get("/").html


def test_a_colour_with_too_little_contrast_is_never_saved(session: Session) -> None:
    make_organisation(session)
    for colour in ("ff8800", "red", "#112233"):
        with pytest.raises(ValueError, match="nobody can read"):
            actions.set_colour(make_context(session, None, NOW), colour)
    ours = organisation(session)
    assert ours is not None
    assert ours.colour is None
