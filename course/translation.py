"""Translation of the interface by gettext: the language that applies now, and words in it.

English is the language of the source: an English sentence is the key (msgid) of its translation in the catalogues under
course/translations, and what is said where a catalogue has none. Code that runs while a page or mail is made calls `gettext`.
Rules, forms and constants give a `LazyText` (`lazy_gettext`), which is translated when it is shown. Nothing here knows Flask.
Babel, Jinja and MarkupSafe are imported where they are used: the sandbox process (course/web/sandbox) loads this module at
each start, and needs none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import date
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

if TYPE_CHECKING:
    from babel import Locale
    from jinja2 import Environment

SOURCE_LANGUAGE = "en"
# The languages whose words somebody who speaks them has checked. Pages in any other one say that nobody has, and ask for
# corrections: add a language here when it has been checked.
CHECKED_LANGUAGES = frozenset({SOURCE_LANGUAGE})
FOLDER = Path(__file__).resolve().parent / "translations"
_PLAIN_PATTERN = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")  # a message whose values are only filled in
_VALUE_NAME = re.compile(r"%\((\w+)\)s")
_MAX_PATTERN = 5_000  # characters of such a message
_MAX_DEPTH = 4  # messages within messages


class Catalogue(Protocol):
    """The translations of one language, as the standard library's gettext has them."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, one: str, many: str, number: int, /) -> str: ...


# A language, or a function that finds it when a word is first needed: a page that needs none does not pay for it.
_language: ContextVar[str | Callable[[], str]] = ContextVar("language", default=SOURCE_LANGUAGE)
_catalogues: dict[str, Catalogue] = {}


def languages() -> tuple[str, ...]:
    """The languages of the interface as BCP 47 tags: English, and each that has a catalogue."""
    shipped = _shipped_languages()
    return (*shipped, *_catalogues.keys() - set(shipped)) if _catalogues else shipped


@lru_cache(maxsize=1)
def _shipped_languages() -> tuple[str, ...]:
    return (SOURCE_LANGUAGE, *sorted(file.parts[-3] for file in FOLDER.glob("*/LC_MESSAGES/messages.mo")))


def register_catalogue(language: str, catalogue: Catalogue) -> None:
    """Add a language that has no file under course/translations, such as the pseudo-language of the tests."""
    _catalogues[language] = catalogue


def remove_catalogue(language: str) -> None:
    """Undo `register_catalogue`."""
    _catalogues.pop(language, None)


def current_language() -> str:
    """The language in which this thread, request or job speaks now: a BCP 47 tag out of `languages`."""
    language = _language.get()
    if isinstance(language, str):
        return language
    # English while it is looked for: finding out may itself say something.
    _language.set(SOURCE_LANGUAGE)
    found = language()
    _language.set(found)
    return found


def set_language(language: str | Callable[[], str]) -> Token[str | Callable[[], str]]:
    """Set the language of this context, or the function that finds it; the answer is for `reset_language`."""
    return _language.set(language)


def reset_language(token: Token[str | Callable[[], str]]) -> None:
    """Undo `set_language`."""
    _language.reset(token)


@contextmanager
def use_language(language: str | None) -> Iterator[None]:
    """Speak a language inside the block, such as that of a mail's reader; English if there is no such language."""
    token = _language.set(language if language in languages() else SOURCE_LANGUAGE)
    try:
        yield
    finally:
        _language.reset(token)


def current_locale() -> Locale:
    """The locale for dates, numbers and lists in the current language."""
    return language_locale(current_language())


@lru_cache(maxsize=32)
def language_locale(language: str) -> Locale:
    """The Babel locale of a language: en_GB for English and for what is made from English."""
    from babel import Locale  # noqa: PLC0415

    primary = language.partition("-")[0]
    return Locale("en", "GB") if primary == SOURCE_LANGUAGE else Locale.parse(primary)


def language_name(language: str) -> str:
    """The name of a language in that language itself: English, Cymraeg."""
    from babel import Locale  # noqa: PLC0415

    locale = language_locale(language)
    return str(Locale(locale.language).get_display_name(locale)).capitalize()


def html_language(language: str) -> str:
    """A language as the attribute `lang` of a page: British English for English."""
    return "en-GB" if language == SOURCE_LANGUAGE else language


def format_number(number: int) -> str:
    """A whole number with its thousands set apart, as the current language does."""
    from babel.numbers import format_decimal  # noqa: PLC0415 (see above)

    return str(format_decimal(number, locale=current_locale()))


def gettext(message: str, /, **values: object) -> str:
    """The message in the current language; `values` fill its %(name)s."""
    text = _translated(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form of the message for a number in the current language; %(num)s is the number."""
    return _plural_form(one, many, number) % {"num": number, **values}


def lazy_gettext(message: str, /, **values: object) -> str:
    """The message as a LazyText, which is translated when it is shown."""
    return LazyText(message, None, 0, values)


def lazy_ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form of the message for a number as a LazyText, which is translated when it is shown."""
    return LazyText(one, many, number, {"num": number, **values})


def lazy_join(texts: Sequence[str], separator: str = " ") -> str:
    """Texts one after the other as a LazyText: whole sentences, or the names of a list."""
    if len(texts) < 2:
        return texts[0] if texts else ""
    pattern = separator.replace("%", "%%").join(f"%(text{place})s" for place in range(len(texts)))
    return LazyText(pattern, None, 0, {f"text{place}": text for place, text in enumerate(texts)})


def lazy_sentences(sentences: Iterable[str]) -> str:
    """Sentences one after the other, without those that are empty, as a LazyText."""
    return lazy_join([sentence for sentence in sentences if sentence])


def error_text(error: Exception) -> str:
    """The text with which an error was raised, as a LazyText if it was one: `str(error)` is in the language of this moment."""
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)


def text_as_data(text: str) -> object:
    """A text as data that JSON can carry: a plain text as it is; a LazyText as message, plural, number and values, so that it
    can be shown in the language of a later reader."""
    return [text.message, text.plural, text.number, _value_data(text.values)] if isinstance(text, LazyText) else text


def _value_data(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: {"day": value.isoformat()} if type(value) is date
        else text_as_data(value) if isinstance(value, str)
        else value if isinstance(value, int) else str(value)
        for name, value in values.items()
    }  # fmt: skip


def text_from_data(data: object, depth: int = _MAX_DEPTH) -> str:
    """The text of `text_as_data`. Raises ValueError for any other data.

    The data may come from a process that was taken over by a file, so a message can only fill its values in, each once: the
    text is hardly longer than the data.
    """
    if isinstance(data, str):
        return data
    if not (isinstance(data, list) and len(data) == 4 and depth):
        raise ValueError("this is not a text")
    message, plural, number, values = data
    is_text = isinstance(message, str) and isinstance(plural, str | None) and isinstance(number, int)
    if not is_text or not isinstance(values, dict):
        raise ValueError("this is not a text")
    # Without values a message is shown as it is, also with a % in it.
    if (values or plural is not None) and not all(_fills_in(pattern, values) for pattern in (message, plural or "")):
        raise ValueError("this is not a message of its values")
    return LazyText(message, plural, number, {name: _value_from_data(value, depth) for name, value in values.items()})


def _fills_in(pattern: str, values: Mapping[str, object]) -> bool:
    if len(pattern) > _MAX_PATTERN or not _PLAIN_PATTERN.fullmatch(pattern):
        return False
    names = _VALUE_NAME.findall(pattern)
    return len(set(names)) == len(names) and values.keys() >= set(names)


def _value_from_data(value: object, depth: int) -> object:
    if isinstance(value, dict):
        return date.fromisoformat(str(value.get("day")))
    return value if isinstance(value, int) else text_from_data(value, depth - 1)


class LazyText(str):
    """A message and its values. As a string it is the English text: equal to it, stored as it, sorted as it. Where it is
    shown (`str`, f-strings, templates, fields of forms) it is the text in the language of that moment. A value that is a
    LazyText is translated with it; one that is a date is shown in words."""

    __slots__ = ("message", "number", "plural", "values")
    message: str
    plural: str | None
    number: int
    values: Mapping[str, object]

    def __new__(cls, message: str, plural: str | None, number: int, values: Mapping[str, object]) -> LazyText:
        source = message if plural is None or number == 1 else plural
        plain = {name: _source_value(value) for name, value in values.items()}
        text = super().__new__(cls, source % plain if values else source)
        text.message, text.plural, text.number, text.values = message, plural, number, values
        return text

    @property
    def source(self) -> str:
        """The English text."""
        return str.__str__(self)

    def __str__(self) -> str:
        if _current_catalogue() is None and not self.values:
            return self.source
        values = {name: _shown_value(value) for name, value in self.values.items()}
        if self.plural is None:
            return gettext(self.message, **values)
        return ngettext(self.message, self.plural, self.number, **values)

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __html__(self) -> str:
        from markupsafe import escape  # noqa: PLC0415

        return str(escape(str(self)))

    def __mod__(self, values: Any) -> LazyText:
        """The same message with values, as validators of forms fill in theirs."""
        return LazyText(self.message, self.plural, self.number, {**self.values, **values})

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return LazyText, (self.message, self.plural, self.number, dict(self.values))


def _source_value(value: object) -> object:
    if isinstance(value, LazyText):
        return value.source
    return f"{value.day} {value:%B %Y}" if type(value) is date else value


def _shown_value(value: object) -> object:
    if type(value) is not date or _current_catalogue() is None:
        return _source_value(value) if type(value) is date else value
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(value, "d MMMM y", current_locale())


def install(environment: Environment) -> None:
    """Give a Jinja environment the tag `trans` and the functions `_`, `gettext` and `ngettext`, in the current language.

    A message of a template is one line however it is broken in the file.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_translated, _plural_form, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["_"] = environment.globals["gettext"] = _template_gettext()


@lru_cache(maxsize=1)
def _template_gettext() -> Callable[..., str]:
    """`gettext` for templates. That of Jinja makes the words safe anew each time they are shown, dozens of times a page."""
    from jinja2 import pass_eval_context  # noqa: PLC0415
    from jinja2.nodes import EvalContext  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    # A message is written by us and so is safe; its values are not, and are escaped where they are filled in.
    safe = lru_cache(maxsize=4096)(Markup)
    plain = lru_cache(maxsize=4096)(lambda text: Markup(text) % {})  # noqa: S704

    @pass_eval_context
    def gettext(context: EvalContext, message: str, /, **values: object) -> str:
        text = _translated(message)
        if not context.autoescape:
            return text % values
        return safe(text) % values if values else plain(text)

    return gettext


def _translated(message: str) -> str:
    catalogue = _current_catalogue()
    # To gettext an empty message is the head of the catalogue.
    return message if catalogue is None or not message else catalogue.gettext(message)


def _plural_form(one: str, many: str, number: int) -> str:
    catalogue = _current_catalogue()
    if catalogue is None:
        return one if number == 1 else many
    return catalogue.ngettext(one, many, number)


def _current_catalogue() -> Catalogue | None:
    language = current_language()
    return None if language == SOURCE_LANGUAGE else _catalogue(language)


def _catalogue(language: str) -> Catalogue | None:
    return _catalogues.get(language) or _shipped_catalogue(language)


@lru_cache(maxsize=32)
def _shipped_catalogue(language: str) -> Catalogue | None:
    file = FOLDER / language / "LC_MESSAGES" / "messages.mo"
    if not file.is_file():
        return None
    with file.open("rb") as source:
        return GNUTranslations(source)
