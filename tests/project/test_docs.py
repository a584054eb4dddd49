"""The documents say what is so: the picture of the layers, the places they name, and their links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.layers import contracts, picture, with_picture

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _words(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_picture_of_the_layers_is_that_of_the_contracts() -> None:
    assert _words(ARCHITECTURE) == with_picture(_words(ARCHITECTURE)), "run: python -m tests.support.layers"


def test_the_picture_names_every_contract_and_every_layer() -> None:
    for contract in contracts():
        assert f"**{contract['name']}**" in picture()
        for layer in contract.get("layers", ()):
            for name in re.findall(r"\w+", layer):
                assert re.search(rf"│.*\b{name}\b.*│", picture()), name


def _sources(place: str) -> list[Path]:
    """The files of a place such as `course/learning/actions`, which is a module or a package; of a file, itself."""
    path = ROOT / place
    if path.is_dir():
        return sorted(path.rglob("*.py")) or [path]
    return [found for found in (path, path.with_name(f"{path.name}.py")) if found.is_file()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_place_that_a_document_names_is_there(document: Path) -> None:
    """`course/learning/rules/grading`, with or without .py, and `course/learning/rules/grading:parse_answer`."""
    if document.name in ("CHANGELOG.md", "decisions.md"):
        return  # They tell history.
    missing = []
    for place, name in re.findall(
        r"`((?:course|docs|modules|tests|migrations)/[\w/.-]*)(?::(\w+))?`", _words(document)
    ):
        sources = _sources(place)
        defined = rf"^(?:\s*(?:def|class) {name}\b|{name}\b.* = )"
        if not sources or (name and not any(re.search(defined, _words(path), re.MULTILINE) for path in sources)):
            missing.append(f"{place}:{name}" if name else place)
    assert missing == []


def _anchors(path: Path) -> set[str]:
    """The addresses of the headings, as the usual readers of Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", _words(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _words(document)):
        if "://" in target or re.match(r"(mailto|page|source):", target):  # The last two are those of lessons.
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            broken.append(target)
    assert broken == []
