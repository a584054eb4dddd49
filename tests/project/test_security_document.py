"""docs/security.md: each guard has its test, each chapter of the standard its row, each row a state and a way."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ATTACKERS = (
    "A curious colleague", "A learner who wants a certificate", "A manager who wants other teams", "An outsider", "A stolen laptop",
    "A stolen database", "A mail scanner", "A malicious file", "A stolen token", "A wrong identity provider",
)  # fmt: skip
STATES = {"met", "partly", "open", "host", "not used"}
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _part(heading: str) -> str:
    """The words below a heading that begins so."""
    found = re.search(rf"^#+ {heading}.*?\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def _rows(words: str) -> list[list[str]]:
    """The cells of the rows of its tables, without their headings."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\|.*\|$", words, re.MULTILINE)
    ]
    return [row for row in rows if not set("".join(row)) <= set("-|")][1:]


def test_every_test_that_is_named_is_there() -> None:
    named = set(TEST.findall(DOCUMENT))
    assert len(named) > 100
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in named if (ROOT / file).is_file()}
    missing = [f"{file}::{name}" for file, name in sorted(named) if f"def {name}(" not in sources.get(file, "")]
    assert missing == []
    # Nothing is called a test in another form, which nobody would look for.
    assert DOCUMENT.count("::test_") == len(TEST.findall(DOCUMENT)) + DOCUMENT.count("`tests/…::test_…`")


def test_every_attacker_meets_guards_that_are_tested_or_an_open_point() -> None:
    for attacker in ATTACKERS:
        rows = _rows(_part(attacker))
        assert len(rows) >= 2 or "*Open points*" in _part(attacker), attacker
        assert all(TEST.search(row[-1]) for row in rows), attacker


def test_every_chapter_of_the_standard_has_rows_with_a_state_and_a_way() -> None:
    rows = _rows(_part("OWASP ASVS"))
    chapters = {int(number) for row in rows for number in re.findall(r"V(\d+)", row[0])}
    assert chapters == set(range(1, 18))
    assert {row[2] for row in rows} <= STATES
    for section, _asks, state, *way in rows:
        assert state == "not used" or " ".join(way), section


def test_what_is_not_met_leads_to_an_open_point_that_is_there() -> None:
    points = set(re.findall(r"^(\d+)\. ", _part("Open points"), re.MULTILINE))
    rows = _rows(_part("OWASP ASVS"))
    named = {number for row in rows for number in re.findall(r"open point (\d+)", " ".join(row))}
    assert named == points
    for row in rows:
        assert row[2] not in ("partly", "open") or "open point" in " ".join(row), row[0]
