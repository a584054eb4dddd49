"""What templates need: dates in words, plurals, telephone links, and addresses of static files with a hash in their name."""

from __future__ import annotations

import hashlib
import mimetypes
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, redirect
from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as WsgiResponse

from course.web.access import public
from course.web.phone_links import split_phone_numbers
from course.web.security_headers import compress_response


def format_date(value: date) -> str:
    """12 February 2027."""
    return f"{value.day} {value:%B %Y}"


def format_moment(value: datetime, zone: str) -> str:
    """12 February 2027, 9.05am, in the organisation's zone."""
    local = value.astimezone(ZoneInfo(zone))
    hour = local.hour % 12 or 12
    return f"{format_date(local)}, {hour}.{local:%M}{'am' if local.hour < 12 else 'pm'}"


def format_date_of(value: datetime, zone: str) -> str:
    """12 February 2027: the day of a moment, in the organisation's zone."""
    return format_date(value.astimezone(ZoneInfo(zone)))


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 page, 2 pages."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def format_minutes(value: float) -> str:
    """About how long: never less than one minute; from an hour and a half on in hours and quarters."""
    whole = max(1, round(value))
    if whole < 90:
        return plural(whole, "minute")
    hours, quarters = divmod(round(whole / 15), 4)
    return f"{hours}{('', '¼', '½', '¾')[quarters]} hours"


def link_phone_numbers(text: str) -> Markup:
    """A text with a link on each telephone number in it that can be dialled."""
    parts = (
        Markup('<a href="tel:{}">{}</a>').format(piece.dials, piece.text) if piece.dials else escape(piece.text)
        for piece in split_phone_numbers(text)
    )
    return Markup("").join(parts)


def redirect_after_post(address: str) -> WsgiResponse:
    """The answer to a post: the browser fetches `address`, and a reload repeats nothing."""
    return redirect(address, 303)


class StaticFiles:
    """The static folder, read at start. `site.css` is served as `site-1a2b3c4d.css`, for a year."""

    def __init__(self, folder: Path) -> None:
        self.names: dict[str, str] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            data = path.read_bytes()
            mark = hashlib.blake2b(data, digest_size=5).hexdigest()
            stem, dot, ending = name.rpartition(".")
            self.names[name] = f"{stem}-{mark}{dot}{ending}"
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            self.files[self.names[name]] = (data, "text/javascript" if ending == "js" else kind)

    def address(self, name: str) -> str:
        return f"/static/{self.names[name]}"


def init(app: Flask, folder: Path, zone: str) -> None:
    """Add the filters and the static route; undefined names in templates are errors."""
    static = StaticFiles(folder)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        day=format_date,
        plural=plural,
        minutes=format_minutes,
        telephone=link_phone_numbers,
        moment=lambda v: format_moment(v, zone),
    )
    app.jinja_env.filters["day_of"] = lambda value: format_date_of(value, zone)
    app.jinja_env.globals.update(
        asset=static.address, stylesheet=static.address("site.css"), icon=static.address("icon.svg")
    )

    @app.get("/static/<path:name>")
    @public
    def static_file(name: str) -> Response:
        if name not in static.files:
            abort(404)
        data, kind = static.files[name]
        response = Response(data, mimetype=kind)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        compress_response(response, 6)
        return response
