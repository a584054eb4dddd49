"""The catalogues of messages under course/translations.

python -m tests.support.messages             collects the messages of the course, and brings every catalogue up to date
python -m tests.support.messages LANGUAGE    begins the catalogue of a language, such as cy
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from course.translation import FOLDER

COURSE = FOLDER.parent
TEMPLATE = FOLDER / "messages.pot"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
OPTIONS = {f"templates/**.{kind}": {"trimmed": "true", "newstyle_gettext": "true"} for kind in ("html", "txt")}
TRANSLATOR_TAG = "Translators:"


@lru_cache(maxsize=1)
def extracted() -> Catalog:
    """The messages of the course's Python files and templates, with the files that use each."""
    catalogue = Catalog(project="course", charset="utf-8")
    for name, messages, comments in _found():
        catalogue.add(messages, locations=[(name, 0)], auto_comments=comments)
    return catalogue


def _found() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    found = extract_from_dir(COURSE, METHODS, OPTIONS, KEYWORDS, comment_tags=[TRANSLATOR_TAG])
    for name, _line, messages, comments, _context in sorted(found, key=lambda one: (one[0], one[1])):
        yield f"course/{name}", messages, comments


def as_text(catalogue: Catalog) -> str:
    """A catalogue as the text of a file that changes only with its messages: without dates and line numbers."""
    target = io.BytesIO()
    write_po(target, catalogue, width=120, include_lineno=False, omit_header=not catalogue.locale, sort_output=True)
    return target.getvalue().decode()


def update(template: Catalog) -> None:
    """Write the template of all catalogues, and bring each catalogue and its compiled file up to date with it."""
    FOLDER.mkdir(exist_ok=True)
    TEMPLATE.write_text(as_text(template))
    for file in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        with file.open("rb") as source:
            catalogue = read_po(source, locale=file.parts[-3])
        catalogue.update(template)  # what has changed is marked fuzzy, and not shown until it is looked at
        _write(catalogue, file)


def begin(language: str, template: Catalog) -> None:
    """Begin the catalogue of a language. Raises FileExistsError if there is one, UnknownLocaleError for no language."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if file.exists():
        raise FileExistsError(f"there is a catalogue already: {file}")
    catalogue = Catalog(locale=language, project="course", charset="utf-8")
    catalogue.update(template, no_fuzzy_matching=True)
    file.parent.mkdir(parents=True)
    _write(catalogue, file)


def _write(catalogue: Catalog, file: Path) -> None:
    file.write_text(as_text(catalogue))
    with file.with_suffix(".mo").open("wb") as target:
        write_mo(target, catalogue)


def main(arguments: list[str]) -> None:
    template = extracted()
    for language in arguments:
        begin(language, template)
    update(template)
    print(f"{len(template)} messages are in {TEMPLATE.relative_to(COURSE.parent)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
