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

from course.translation import CHECKED_LANGUAGES, FOLDER, language_name

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
UNCHECKED = "NOT CHECKED: nobody who speaks this language has checked these translations yet."


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


def head(language: str) -> str:
    """The comment at the top of the catalogue of a language: what it is, and whether somebody who speaks it has checked it."""
    checked = "Checked by somebody who speaks the language." if language in CHECKED_LANGUAGES else UNCHECKED
    lines = (
        f"The words of the course in {language_name(language)} ({language}).", checked,
        "Corrections: see docs/languages.md. This comment is written by `make messages`.",
    )  # fmt: skip
    return "\n".join(f"# {line}" for line in lines)


def update(template: Catalog, folder: Path = FOLDER) -> None:
    """Write the template of all catalogues, and bring each catalogue and its compiled file up to date with it."""
    folder.mkdir(exist_ok=True)
    (folder / TEMPLATE.name).write_text(as_text(template))
    for file in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
        with file.open("rb") as source:
            catalogue = read_po(source, locale=file.parts[-3])
        # What has changed is marked fuzzy, and not shown until it is looked at.
        catalogue.update(template, update_creation_date=False)
        _write(catalogue, file)


def begin(language: str, template: Catalog, folder: Path = FOLDER) -> None:
    """Begin the catalogue of a language. Raises FileExistsError if there is one, UnknownLocaleError for no language."""
    file = folder / language / "LC_MESSAGES" / "messages.po"
    if file.exists():
        raise FileExistsError(f"there is a catalogue already: {file}")
    catalogue = Catalog(locale=language, project="course", charset="utf-8")
    catalogue.update(template, no_fuzzy_matching=True)
    file.parent.mkdir(parents=True)
    _write(catalogue, file)


def _write(catalogue: Catalog, file: Path) -> None:
    catalogue.header_comment = head(file.parts[-3])
    file.write_text(as_text(catalogue))
    # From the file and not from memory, so that it is the same bytes whenever it is compiled.
    with file.open("rb") as source, file.with_suffix(".mo").open("wb") as target:
        write_mo(target, read_po(source, locale=file.parts[-3]))


def main(arguments: list[str], folder: Path = FOLDER) -> None:
    template = extracted()
    for language in arguments:
        begin(language, template, folder)
    update(template, folder)
    print(f"{len(template)} messages are in {folder / TEMPLATE.name}.")


if __name__ == "__main__":
    main(sys.argv[1:])
