"""The course tells what the briefing found in its own words.

`briefing_runs.txt` holds a hash of every run of eight words in the briefing, so that its text need not be kept here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RUNS = frozenset((Path(__file__).parent / "briefing_runs.txt").read_text(encoding="ascii").split())
RUN_LENGTH = 8
WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
# Keys whose values name works of others: titles are as they are.
NAMES = {"title", "publisher", "address"}


def shared_runs(text: str) -> list[str]:
    """Every run of eight words of the text that stands in the briefing as well."""
    words = WORD.findall(re.sub(r"[*_]", "", text.lower().replace("’", "'")))
    runs = (" ".join(words[n : n + RUN_LENGTH]) for n in range(len(words) - RUN_LENGTH + 1))
    return [run for run in runs if hashlib.sha256(run.encode()).hexdigest()[:10] in RUNS]


def texts(path: Path) -> Iterator[str]:
    """The texts of a content file; without the titles of works in lists of works."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield content
        return
    yield from _strings(
        yaml.safe_load(content), "further" in path.name or path.parent.name == "sources" or "sources" in path.name
    )


def _strings(value: object, of_works: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry, of_works)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if not (of_works and key in NAMES):
                yield from _strings(entry, of_works)


CONTENT = sorted(path for path in (ROOT / "modules").rglob("*") if path.suffix in (".md", ".yaml"))


def test_a_run_of_eight_words_is_found_whatever_its_punctuation_and_a_shorter_one_is_not() -> None:
    run = "professionals should encourage children and young people to talk"
    assert len(shared_runs(f"It says: “{run.capitalize()}!”")) == 2
    assert shared_runs(run.replace("children and", "**children** and\n")) == shared_runs(run)
    assert shared_runs(" ".join(run.split()[:7])) == []


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_shares_a_run_of_eight_words_with_the_briefing(path: Path) -> None:
    assert {run for text in texts(path) for run in shared_runs(text)} == set()
