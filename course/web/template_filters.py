"""Filters for templates: dates, durations and lists in words, links on telephone numbers, cells with their headings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from course import translation
from course.dates import format_date as format_date
from course.dates import format_date_of as format_date_of
from course.dates import format_moment as format_moment
from course.dates import format_month
from course.translation import current_locale, gettext, ngettext
from course.web.phone_links import split_phone_numbers

_QUARTERS = ("", "¼", "½", "¾")
_ROW = re.compile(r"<tr\b.*?(?=<tr\b|\Z)", re.DOTALL)
_ROW_HEADING = re.compile(r"<th\b")
_ROW_OR_CELL = re.compile(r"<(tr|td|th|/td)\b([^>]*)>")
_COLSPAN = re.compile(r'\bcolspan="(\d+)"')


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun in English, for the command line: 1 page, 2 pages. `many` is the plural unless it is `one` with
    an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def format_minutes(value: float) -> str:
    """An approximate duration, given in minutes: at least 1 minute; from 90 minutes on in hours and quarters."""
    whole = max(1, round(value))
    if whole < 90:
        return ngettext("%(num)s minute", "%(num)s minutes", whole)
    hours, quarters = divmod(round(whole / 15), 4)
    length = f"{format_decimal(hours, locale=current_locale())}{_QUARTERS[quarters]}"
    return gettext("%(hours)s hours", hours=length)


def format_names(names: Iterable[object]) -> str:
    """Names as the current language lists them: England, Wales and Scotland."""
    return format_list([str(name) for name in names], locale=current_locale())


def link_phone_numbers(text: str) -> Markup:
    """The text with a link on each telephone number in it that can be dialled."""
    parts = (
        Markup('<a href="tel:{}">{}</a>').format(piece.dial_string, piece.text)
        if piece.dial_string
        else escape(piece.text)
        for piece in split_phone_numbers(text)
    )
    return Markup("").join(parts)


def named_cells(rows: str, headings: Iterable[object], named_by: int | None = 0) -> Markup:
    """The rows of a table with the role of each row and cell, and with the heading of its column as `data-name` on each
    cell that has no `data-label` and does not come first. On a phone rows and cells are laid out as blocks: browsers
    then drop what they are, and the headings are out of sight, so both are said at the cell.

    In a row that has no heading of its own, the cell in the column `named_by` becomes one, which looks like a cell: a screen
    reader says whose row it is at each further cell. None: no cell names the row.
    """
    names = [f' data-name="{escape(heading)}"' if heading else "" for heading in headings]

    def with_names(row: re.Match[str]) -> str:
        column, closes = 0, False
        may_name = named_by is not None and not _ROW_HEADING.search(row[0])

        def opened(found: re.Match[str]) -> str:
            nonlocal column, closes
            element, attributes = found[1], found[2]
            if element == "/td":
                ends, closes = "th" if closes else "td", False
                return f"</{ends}>"
            if element == "tr":
                return f'<tr role="row"{attributes}>'
            name = names[column] if 0 < column < len(names) else ""
            spanned = _COLSPAN.search(attributes)
            closes = may_name and element == "td" and column == named_by and not spanned
            column += int(spanned[1]) if spanned else 1
            kind = "td" if element == "td" and not closes else "th"
            role = "cell" if kind == "td" else "rowheader"
            if spanned or "data-label=" in attributes:
                name = ""
            scope = ' scope="row" data-names-row' if closes else ""
            return f'<{kind} role="{role}"{scope}{name}{attributes}>'

        return _ROW_OR_CELL.sub(opened, row[0])

    return Markup(_ROW.sub(with_names, rows))  # noqa: S704 (a template made it)


def hue_class(number: int) -> str:
    """The class that gives a module its hue: m1 to m8, by its number in the course from 1 on."""
    return f"m{(number - 1) % 8 + 1}"


def invalid_field(field: str) -> Markup:
    """The attributes of a field with a mistake: it is invalid, and the message beside it describes it."""
    return Markup('aria-invalid="true" aria-describedby="{}-mistake"').format(field)


def init(environment: Environment, zone: str) -> None:
    """Add the filters and translation, for pages and for mails; moments are shown in `zone`. An undefined name in a template
    is an error."""
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    # Jinja gives each template a layer of its own over the globals, which it then copies for each page entry by entry. No
    # template here is loaded with globals of its own.
    environment.make_globals = lambda own: environment.globals if own is None else {**environment.globals, **own}  # type: ignore[method-assign,assignment]
    translation.install(environment)
    environment.globals.update(
        current_language=translation.current_language, html_language=translation.html_language, hue=hue_class
    )
    environment.filters.update(
        day=format_date,
        invalid_field=invalid_field,
        day_of=lambda value: format_date_of(value, zone),
        language_name=translation.language_name,
        listed=format_names,
        minutes=format_minutes,
        moment=lambda value: format_moment(value, zone),
        month=format_month,
        named_cells=named_cells,
        # What a job stored in English, such as why it failed or what it is doing, for the reader of now.
        from_english=translation.gettext,
        short_month=lambda value: format_month(value, short=True),
        telephone=link_phone_numbers,
    )
