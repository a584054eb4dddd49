"""Compiled templates are kept for the next process, never past a change, and never in the way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from course.web.template_bytecode import TemplateBytecode


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Templates and a program, where bytecode may be written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    templates, program = tmp_path / "templates", tmp_path / "program"
    templates.mkdir()
    program.mkdir()
    (templates / "page.html").write_text("{{ 'a' | shown }}")
    (program / "filters.py").write_text("first")
    return templates, program


def shown(folders: tuple[Path, Path], what: str) -> str:
    """The page as a process shows it whose filter says `what`; the filter of a constant is worked out when compiling."""
    templates, program = folders
    environment = Environment(
        loader=FileSystemLoader(templates), bytecode_cache=TemplateBytecode(templates, program), autoescape=True
    )
    environment.filters["shown"] = lambda _: what
    return environment.get_template("page.html").render()


def kept(folders: tuple[Path, Path]) -> list[Path]:
    return sorted(file for file in (folders[0] / "__pycache__").rglob("*") if file.is_file())


def test_the_next_process_uses_what_the_first_one_compiled(folders: tuple[Path, Path]) -> None:
    assert shown(folders, "first") == "first"
    assert len(kept(folders)) == 1
    assert shown(folders, "compiled anew") == "first"


def test_a_changed_template_is_compiled_anew(folders: tuple[Path, Path]) -> None:
    shown(folders, "first")
    (folders[0] / "page.html").write_text("Now {{ 'a' | shown }}")
    assert shown(folders, "second") == "Now second"
    assert shown(folders, "third") == "Now second"


def test_a_changed_program_compiles_anew_and_removes_what_was_kept(folders: tuple[Path, Path]) -> None:
    shown(folders, "first")
    before = kept(folders)
    (folders[1] / "filters.py").write_text("second and longer")
    assert shown(folders, "second") == "second"
    assert len(kept(folders)) == 1
    assert kept(folders) != before


def test_a_file_that_was_cut_off_is_compiled_anew(folders: tuple[Path, Path]) -> None:
    shown(folders, "first")
    for keep in (0, 10, 40):
        file = kept(folders)[0]
        file.write_bytes(file.read_bytes()[:keep])
        assert shown(folders, f"with {keep}") == f"with {keep}"


def test_nothing_is_written_where_python_writes_no_bytecode_or_nothing_can_be_written(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folders[0] / "__pycache__").write_text("a file where the folder would be")
    assert shown(folders, "first") == "first"
    (folders[0] / "__pycache__").unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(folders, "second") == "second"
    assert os.listdir(folders[0]) == ["page.html"]


def test_what_two_processes_write_at_once_is_whole(folders: tuple[Path, Path]) -> None:
    """Both begin before either has written."""
    templates, program = folders
    first, second = (TemplateBytecode(templates, program) for _ in range(2))
    for cache, what in ((first, "first"), (second, "second")):
        environment = Environment(loader=FileSystemLoader(templates), autoescape=True)
        environment.filters["shown"] = lambda _, what=what: what
        bucket = cache.get_bucket(environment, "page.html", str(templates / "page.html"), "{{ 'a' | shown }}")
        bucket.code = compile(f"said = {what!r}", "page.html", "exec")
        cache.set_bucket(bucket)
    assert len(kept(folders)) == 1
