"""Inspection frameworks and kinds of sources: one mistake at a time, and what the real course says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.content.frameworks import is_dated
from course.content.loader import read_content
from course.content.schema import NATIONS
from course.content.validation import validate_content
from tests.content.test_validation import SAMPLE, spoil
from tests.support.courses import real_course

FRAMEWORKS = """- id: kites
  nation: wales
  name: Kite inspection
  body: Kite inspectorate
  applies_to: Clubs
  source: kite-society
  seen: own-page
  headings:
    - title: Lines
      covers: How to hold the line.
      points: [hold-the-line]
    - title: Trees
      covers: Where the trees are.
      points: [mind-the-trees, hold-the-line]
  not_covered: [Weather]
"""
KINDS = "research: [kite-society]\n"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A copy of the sample course with a framework and a kind of source, which a test may spoil."""
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    (folder / "frameworks.yaml").write_text(FRAMEWORKS, encoding="utf-8")
    (folder / "source-kinds.yaml").write_text(KINDS, encoding="utf-8")
    return folder


def test_a_course_with_frameworks_is_sound(modules: Path) -> None:
    reading = read_content(modules)
    assert validate_content(reading) == []
    assert [framework.id for framework in reading.frameworks] == ["kites"]
    assert reading.source_kinds.kind_of("kite-society") == "research"
    assert reading.source_kinds.kind_of("rumour") is None


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("frameworks.yaml", "[hold-the-line]", "[hold-it]", "unknown learning point 'hold-it'"),
        ("frameworks.yaml", "[mind-the-trees, hold", "[hold-the-line, hold", "a learning point stands here twice"),
        ("frameworks.yaml", "source: kite-society", "source: nobody", "unknown source 'nobody'"),
        ("frameworks.yaml", "source: kite-society", "source: rumour", "its headings were not seen"),
        ("frameworks.yaml", "seen: own-page", "seen: copy", "a 'note' says what is uncertain"),
        ("frameworks.yaml", "seen: own-page", "seen: somewhere", "Input should be 'own-page' or 'copy'"),
        ("frameworks.yaml", "nation: wales", "nation: france", "Input should be 'england'"),
        ("frameworks.yaml", "title: Trees", "title: Lines", "the heading 'Lines' stands here twice"),
        ("frameworks.yaml", "[Weather]", "[Lines]", "the heading 'Lines' stands here twice"),
        ("frameworks.yaml", "How to hold", "Whom to hold", "the words 'Whom' are to be avoided"),
        ("sources.yaml", "date: May 2020", "date: undated", "a 'note' says what is uncertain"),
        ("sources.yaml", "date: May 2020", "date: about 2020", "is no authority"),
        ("sources.yaml", "  address: https://example.org/lines\n", "", "is no authority"),
        ("sources.yaml", "  status: confirmed\n", "  status: known\n", "is no authority"),
        ("source-kinds.yaml", "[kite-society]", "[rumour]", "is no authority"),
        ("source-kinds.yaml", "[kite-society]", "[nobody]", "unknown source 'nobody'"),
        ("source-kinds.yaml", "[kite-society]", "[kite-society]\nlaw: [kite-society]", "stands here twice"),
        ("source-kinds.yaml", "research", "gossip", "unknown key 'gossip'"),
    ],
)
def test_each_mistake_is_reported(modules: Path, file: str, old: str, new: str, message: str) -> None:
    spoil(modules, file, old, new)
    assert message in "\n".join(map(str, validate_content(read_content(modules))))


@pytest.mark.parametrize(
    ("date", "dated"),
    [
        ("May 2020", True), ("updated 13 December 2024", True), ("undated", False), ("undated, after 2016", False),
        ("about 2025", False), ("soon", False),
    ],
)  # fmt: skip
def test_a_source_is_dated_if_it_says_of_which_year_it_is(modules: Path, date: str, dated: bool) -> None:
    source = read_content(modules).sources[0]
    assert is_dated(source.model_copy(update={"date": date})) == dated


def test_each_nation_has_a_framework_whose_headings_were_seen() -> None:
    library = real_course()
    assert {framework.nation for framework in library.frameworks} == set(NATIONS)
    for framework in library.frameworks:
        source = library.sources[framework.source]
        assert (source.status, source.address is not None) == ("confirmed", True)
        assert framework.note or (framework.seen == "own-page" and is_dated(source))


def test_what_is_shown_as_an_authority_is_confirmed_and_dated() -> None:
    library = real_course()
    shown = [library.sources[one] for ids in library.source_kinds.by_kind().values() for one in ids]
    assert len(shown) > 40
    assert [source.id for source in shown if source.status != "confirmed" or not is_dated(source)] == []
