"""Names: one class of each name, and modules of the standard names or of docs/architecture.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "course"
STANDARD = {"rules", "models", "queries", "actions", "forms", "views", "commands", "jobs", "events"}


def _modules(package: Path) -> list[str]:
    """The modules and subpackages directly in a package, without itself."""
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return sorted(files | {path.parent.name for path in package.glob("*/__init__.py")})


def _features() -> list[Path]:
    return sorted(path.parent for path in COURSE.glob("*/__init__.py"))


def _further_modules() -> set[str]:
    """The modules that are neither features nor of a standard name, as `course.web.csrf`."""
    names = {path.name for path in _features()}
    found = {f"course.{module}" for module in _modules(COURSE) if module not in names | STANDARD}
    for feature in _features():
        found |= {f"course.{feature.name}.{module}" for module in _modules(feature) if module not in STANDARD}
    return found


def _table() -> list[str]:
    """The modules that the table of docs/architecture.md names, in its order."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return [
        f"{package}.{module}"
        for package, module in re.findall(r"^\| `(course[\w.]*)` \| `(\w+)` \| \S", text, re.MULTILINE)
    ]


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path in sorted(COURSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_a_module_has_a_standard_name_or_its_line_in_the_architecture() -> None:
    missing = sorted(_further_modules() - set(_table()))
    assert not missing, f"neither a standard name nor in the table of docs/architecture.md: {', '.join(missing)}"


def test_the_architecture_names_no_module_that_is_gone() -> None:
    superfluous = sorted(set(_table()) - _further_modules())
    assert not superfluous, f"in the table of docs/architecture.md, but not in the code: {', '.join(superfluous)}"


def test_the_architecture_names_each_module_once_and_in_order() -> None:
    packages = [name.rpartition(".")[0] for name in _table()]
    assert packages == sorted(packages)
    assert len(set(_table())) == len(_table())


def test_each_module_inside_a_standard_package_says_what_it_is_about() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in sorted(COURSE.glob("*/*/*.py"))
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
