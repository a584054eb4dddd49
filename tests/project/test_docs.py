"""The documents say what is so: the picture of the layers, the places they name, and their links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
import yaml

from app import CLI_COMMANDS
from config import SETTING_NAMES
from course.backups.queries import program_version
from tests.support import decisions, licences
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


def test_the_examples_in_the_guide_for_authors_can_be_copied() -> None:
    guide = _words(ROOT / "docs" / "writing-content.md")
    examples = re.findall(r"^```(\w*)\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    files = [yaml.safe_load(example) for language, example in examples if language == "yaml"]
    assert len(files) > 10
    assert ":::" not in re.sub(r"^```\w*\n.*?^```$|`.*?`", "", guide, flags=re.DOTALL | re.MULTILINE), (
        "outside an example"
    )


def test_each_page_of_the_settings_that_a_document_names_is_in_their_list() -> None:
    layout = _words(ROOT / "course" / "templates" / "layouts" / "settings.html")
    listed = {*re.findall(r'\("[\w.]+", _\("([^"]+)"\)\)', layout)}
    named = [
        (path.name, top, page)
        for path in DOCUMENTS
        if path.name not in ("CHANGELOG.md", "decisions.md")  # They tell history.
        for top, page in re.findall(r"\*(Organisation|Settings)(?:\*,\s+\*| › |, )([^*,]+)", _words(path))
    ]
    assert len(named) > 10
    assert [place for place in named if place[1] != "Organisation" or place[2] not in listed] == []


def _commands(group: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(group, click.Group):
        return [path]
    return [found for name, command in group.commands.items() for found in _commands(command, (*path, name))]


def test_the_operations_name_each_command_once() -> None:
    there = sorted(found for command in CLI_COMMANDS for found in _commands(command, (str(command.name),)))
    lines = re.findall(r"^\.venv/bin/flask ([^#\n]+?) *# \S", _words(ROOT / "docs" / "operations.md"), re.MULTILINE)
    named = [next((path for path in there if tuple(line.split())[: len(path)] == path), (line,)) for line in lines]
    assert sorted(named) == there


def test_the_options_in_the_operations_exist() -> None:
    unknown = []
    for line in re.findall(
        r"^\.venv/bin/flask ([^#\n]+?) *# \S", _words(ROOT / "docs" / "operations.md"), re.MULTILINE
    ):
        command: click.Command | None = None
        commands: Mapping[str, click.Command] = {str(one.name): one for one in CLI_COMMANDS}
        for word in line.split():
            if word not in commands:
                break
            command = commands[word]
            commands = command.commands if isinstance(command, click.Group) else {}
        options = {name for one in (command.params if command else ()) for name in one.opts}
        unknown += [line for option in re.findall(r"--[a-z-]+", line) if option not in options]
    assert unknown == []


def test_the_operations_name_each_setting_once() -> None:
    named = re.findall(r"^\| `([A-Z_]+)` \|", _words(ROOT / "docs" / "operations.md"), re.MULTILINE)
    assert sorted(named) == sorted(SETTING_NAMES)


def test_the_readme_names_the_commands_for_tests_and_what_tests_install() -> None:
    readme = _words(ROOT / "README.md")
    assert all(
        f"`{command}`" in readme or f"\n{command} " in readme for command in ("make test", "make demo", ".ci/run")
    )
    installed = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for call in re.findall(r"^ .*\bapt_install\(([^)]*)\)", _words(path), re.MULTILINE):
            installed |= set(re.findall(r'"([\w-]+)"', call))
    assert installed
    assert {name for name in installed if f"`{name}`" not in readme} == set()


def test_the_readme_says_where_each_package_of_the_course_lives() -> None:
    tree = _words(ROOT / "README.md").partition("\ncourse/ ")[2].partition("\nmodules/ ")[0]
    packages = {path.parent.name for path in (ROOT / "course").glob("*/__init__.py")}
    assert packages - set(re.findall(r"\b(\w+)/", tree)) == set()


def _listed(heading: str) -> list[str]:
    """The packages in the first table below a heading of the list of licences."""
    below = _words(licences.DOCUMENT).partition(f"\n## {heading}\n")[2].lstrip("\n").split("\n\n")[0]
    return re.findall(r"^\| `([^`]+)` \| \S", below, re.MULTILINE)


def test_the_licences_name_each_dependency_and_no_other() -> None:
    course = licences.required(ROOT / "requirements.txt")
    tests = licences.required(ROOT / "tests" / "requirements.txt")
    assert _listed("What the course needs") == course
    assert _listed("What only its tests and tools need") == sorted(set(tests) - set(course))


def test_the_licences_are_those_of_the_installed_packages() -> None:
    assert _words(licences.DOCUMENT) == licences.document(), "run: python -m tests.support.licences"


def test_each_font_has_its_licence_in_the_list() -> None:
    kept = [path for folder in licences.FONTS for path in folder.iterdir() if path.suffix in licences.FONT_KINDS]
    there = {path.relative_to(licences.ROOT).as_posix() for path in kept}
    assert {file for file, _, _ in licences.fonts()} == there


def test_each_decision_is_numbered_and_dated_below_a_subject() -> None:
    text = _words(decisions.DOCUMENT)
    found = decisions.decisions(text)
    assert sorted(one.number for one in found) == list(range(1, len(found) + 1))
    paragraphs = [
        part for part in text.partition(decisions.END)[2].split("\n\n") if part.strip() and not part.startswith("## ")
    ]
    assert [part[:60] for part in paragraphs if not part.strip().startswith("**")] == []
    assert len(paragraphs) == len(found), "a paragraph is not written as **NUMBER. Title.** *DATE.* Text"


def test_what_replaces_a_decision_is_there_and_not_older() -> None:
    found = {one.number: one for one in decisions.decisions(_words(decisions.DOCUMENT))}
    replaced = [one for one in found.values() if one.replaced_by]
    assert len(replaced) > 10
    assert [
        one.number
        for one in replaced
        for number in one.replaced_by
        if number not in found or found[number].day < one.day
    ] == []


def test_a_decision_that_another_says_it_replaces_is_marked() -> None:
    text = _words(decisions.DOCUMENT).partition(decisions.END)[2]
    replaced_by = {one.number: one.replaced_by for one in decisions.decisions(_words(decisions.DOCUMENT))}
    replacing = []
    for number, paragraph in re.findall(r"^\*\*(\d+)\. (.*?)(?=\n\n|\Z)", text, re.DOTALL | re.MULTILINE):
        replaced = re.findall(r"\b[Rr]eplaces\b[^.]*?\s(\d{1,3})\b(?!-)(?:\s+and\s+(\d+))?", paragraph)
        replacing += [(int(one), int(number)) for pair in replaced for one in pair if one]
    assert len(replacing) > 10
    assert [(one, number) for one, number in replacing if number not in replaced_by[one]] == []


def test_the_index_of_the_decisions_is_that_of_its_headings() -> None:
    text = _words(decisions.DOCUMENT)
    assert text == decisions.with_index(text), "run: python -m tests.support.decisions"


def test_each_release_but_the_first_says_what_upgrading_takes() -> None:
    releases = re.findall(r"^## (\d+\.\d+) ", _words(ROOT / "CHANGELOG.md"), re.MULTILINE)
    upgrades = re.findall(r"^### Upgrading to (\d+\.\d+)$", _words(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert f"{releases[0]}.0" == program_version(), "pyproject.toml names another release, and so would every backup"
    assert len(releases) > 3
    assert upgrades == releases[:-1]
