"""The index of docs/decisions.md, made from its headings and its numbered decisions.

python -m tests.support.decisions   writes the index into the document
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import date
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"
BEGIN = "<!-- index: written by `python -m tests.support.decisions` -->"
END = "<!-- index: end -->"
WIDTH = 130  # characters
_DECISION = re.compile(
    r"^\*\*(?P<number>\d+)\. (?P<title>.+?)\*\* \*(?P<day>\d{4}-\d\d-\d\d)\.(?: (?P<outdated>Outdated[^*]*)\.)?\*",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Decision:
    """A numbered paragraph: its subject, its day, and the numbers of the decisions that replace it, all or in part."""

    number: int
    title: str
    subject: str
    day: date
    replaced_by: tuple[int, ...]
    outdated: bool  # as a whole


def decisions(document: str) -> list[Decision]:
    """The decisions of the document, in its order."""
    found = []
    for section in re.split(r"^## ", document.partition(END)[2], flags=re.MULTILINE)[1:]:
        subject, _, text = section.partition("\n")
        for match in _DECISION.finditer(text):
            title = " ".join(match["title"].split()).removesuffix(".")
            replaced = tuple(int(number) for number in re.findall(r"\b\d+\b", match["outdated"] or ""))
            whole = (match["outdated"] or "").startswith("Outdated:")
            found.append(
                Decision(int(match["number"]), title, subject, date.fromisoformat(match["day"]), replaced, whole)
            )
    return found


def with_index(document: str) -> str:
    """The document with today's index between the two markers. Raises ValueError if it has no markers."""
    before, begun, rest = document.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"{DOCUMENT} needs the two lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{_index(decisions(document))}\n\n{END}{after}"


def _index(found: list[Decision]) -> str:
    """An item for each subject, with the numbers and titles of its decisions."""
    items = []
    for subject in dict.fromkeys(decision.subject for decision in found):
        anchor = re.sub(r"[^\w\- ]", "", subject.lower()).replace(" ", "-")
        titles = "; ".join(
            f"{one.number} {one.title}{' (outdated)' * one.outdated}" for one in found if one.subject == subject
        )
        items.append(
            textwrap.fill(f"- [{subject}](#{anchor}): {titles}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        )
    return "\n".join(items)


def main() -> None:
    DOCUMENT.write_text(with_index(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
