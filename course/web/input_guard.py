"""What no page can use never reaches a view: characters that no database stores, and endless numbers."""

from __future__ import annotations

from flask import Flask, abort, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter

LARGEST_NUMBER = 2**31 - 1  # that both databases store in a whole-number column
UNSTORABLE_TEXT = "The address holds a character that cannot be stored. Follow a link of the course instead."


class DatabaseIntegerConverter(IntegerConverter):
    """A whole number in an address, if a database knows numbers of its size."""

    regex = "[0-9]{1,10}"

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": LARGEST_NUMBER, **kwargs})  # type: ignore[arg-type]


def is_storable(text: str) -> bool:
    """Whether both databases can store the text: it holds no NUL, and no half of a character."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def init(app: Flask) -> None:
    """Set what addresses may hold, and look at each request before anything else reads it."""
    app.url_map.converters["int"] = DatabaseIntegerConverter

    @app.before_request
    def check() -> None:
        if not is_storable(request.path):
            abort(404)
        if not all(is_storable(name + value) for name, value in request.args.items(multi=True)):
            raise BadRequest(UNSTORABLE_TEXT)
        if request.method == "POST":
            _clean_form()


def _clean_form() -> None:
    """Take what cannot be stored out of what was entered: it is invisible, came along with something that was pasted,
    and the rest of the text must not be lost for it."""
    sent = [*request.form.items(multi=True)]
    if not all(is_storable(name + value) for name, value in sent):
        request.form = ImmutableMultiDict((_storable_text(name), _storable_text(value)) for name, value in sent)
    for _, file in request.files.items(multi=True):
        file.filename = _storable_text(file.filename or "")


def _storable_text(text: str) -> str:
    return text if is_storable(text) else "".join(filter(is_storable, text))
