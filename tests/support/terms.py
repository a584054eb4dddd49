"""The word list of the Welsh translation (docs/termau.md), and whether a catalogue keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORD_LIST = Path(__file__).parents[2] / "docs" / "termau.md"
# What the first letters of a Welsh word become: soft, nasal and aspirate mutation, and h before a vowel.
MUTATIONS = {
    "c": ("g", "ngh", "ch"), "p": ("b", "mh", "ph"), "t": ("d", "nh", "th"), "g": ("", "ng"), "b": ("f", "m"), "d": ("dd", "n"),
    "m": ("f",), "ll": ("l",), "rh": ("r",), **{vowel: (f"h{vowel}",) for vowel in "aeiouwy"},
}  # fmt: skip
# Values, tags, code and paths of a message.
_NO_WORDS = re.compile(r"%\(\w+\)s|<code>.*?</code>|<[^>]*>|\w+/[\w/.-]*")
_ALONE = ("ch", "dd", "ff", "ng", "ph", "th")  # letters of two signs that do not mutate


@dataclass(frozen=True)
class Term:
    """An English term, its Welsh, the stems of which one is to be in a translation, and the sources ("no source seen": none)."""

    english: str
    welsh: str
    stems: tuple[str, ...]
    source: str

    def is_in(self, message: str) -> bool:
        """Whether an English message has the term: as whole words, in the singular or the plural."""
        words = _NO_WORDS.sub(" ", message)
        return re.search(rf"\b{re.escape(self.english)}(?:s|’s)?\b", words, re.IGNORECASE) is not None

    def is_kept(self, translation: str) -> bool:
        """Whether a translation has one of the stems, mutated or not."""
        text = translation.lower().replace("'", "’")
        return any(re.search(rf"(?<!\w){re.escape(form)}", text) for stem in self.stems for form in forms(stem))


def terms(text: str | None = None) -> list[Term]:
    """The terms of the tables of the word list."""
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", text or WORD_LIST.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [
        Term(english, welsh, tuple(stem.strip() for stem in stems.split(",")), source)
        for english, welsh, stems, source in rows if english != "English"
    ]  # fmt: skip


def forms(stem: str) -> Iterator[str]:
    """A stem, and what it is after words that mutate it, in lower case."""
    lower = stem.lower().replace("'", "’")
    yield lower
    first = lower[:2] if lower[:2] in MUTATIONS else lower[0]
    if lower[:2] not in _ALONE:
        yield from (f"{changed}{lower[len(first) :]}" for changed in MUTATIONS.get(first, ()))
