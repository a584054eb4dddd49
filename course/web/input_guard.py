"""Guard against input that no view can use: characters and numbers that a database cannot store."""

from __future__ import annotations

from flask import Flask, abort, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter

from course.translation import lazy_gettext as _
from course.web.current import this_request

LARGEST_NUMBER = 2**31 - 1  # the largest that both databases store in an integer column
UNSTORABLE_TEXT = _("The address holds a character that cannot be stored. Follow a link of the course instead.")


class DatabaseIntegerConverter(IntegerConverter):
    """A whole number in an address that a database can store."""

    regex = "[0-9]{1,10}"

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": LARGEST_NUMBER, **kwargs})  # type: ignore[arg-type]


def is_storable(text: str) -> bool:
    """Whether both databases can store the text: it holds no NUL, and no surrogate (half of a character)."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def init(app: Flask) -> None:
    """Limit numbers in addresses, and check each request before anything else reads it."""
    app.url_map.converters["int"] = DatabaseIntegerConverter

    @app.before_request
    def check() -> None:
        request = this_request()
        if not is_storable(request.path):
            abort(404)
        if request.query_string and not all(
            is_storable(name + value) for name, value in request.args.items(multi=True)
        ):
            raise BadRequest(UNSTORABLE_TEXT)
        if request.method == "POST":
            _clean_form()


def _clean_form() -> None:
    """Remove characters that cannot be stored: they are invisible and were pasted with other text, which must not be lost
    because of them."""
    fields = [*request.form.items(multi=True)]
    if not all(is_storable(name + value) for name, value in fields):
        request.form = ImmutableMultiDict((_storable_text(name), _storable_text(value)) for name, value in fields)
    for _name, file in request.files.items(multi=True):
        file.filename = _storable_text(file.filename or "")


def _storable_text(text: str) -> str:
    return text if is_storable(text) else "".join(filter(is_storable, text))
