"""House rules that no tool checks."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
]  # fmt: skip
PYTHON = [path for path in FILES if path.suffix == ".py" and "versions" not in path.parts and path.exists()]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in PYTHON if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = {}
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > 60:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert not long


def test_no_file_holds_the_marks_of_a_merge() -> None:
    """Two versions of one passage, side by side, that somebody has still to choose from."""
    texts = [p for p in FILES if p.suffix in (".py", ".md", ".html", ".txt", ".yaml", ".toml", ".css") and p.is_file()]
    found = [p for p in texts if re.search(r"^(<{7} |>{7} )", p.read_text(encoding="utf-8"), re.MULTILINE)]
    assert not found


def test_only_the_session_file_commits() -> None:
    commits = [p for p in PYTHON if p.parts[-3:-1] != ("course", "web") and ROOT / "course" in p.parents
               and ".commit()" in p.read_text(encoding="utf-8")]  # fmt: skip
    # Mail is sent outside any request: each message is claimed and closed in a transaction of its own.
    assert [p.relative_to(ROOT).as_posix() for p in commits] in ([], ["course/mail/delivery.py"])


def test_a_get_leaves_nothing_but_that_a_record_was_publish_record_opened() -> None:
    """The one hook by which a GET can keep anything is used in two places: one which two pages ask for, and one for what
    programs read."""
    source = {
        p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in PYTHON if ROOT / "course" in p.parents
    }
    assert [p for p, text in source.items() if "publish_after_response(" in text] == [
        "course/api_tokens/access.py",
        "course/people/access.py",
        "course/web/unit_of_work.py",
    ]
    call = "publish_record_opened(person_id)"
    assert {p: text.count(call) for p, text in source.items() if f" {call}" in text} == {
        "course/training_records/views.py": 1,
        "course/reminders/views.py": 1,
    }


# A mail brings its few styles with it, because a mail program fetches no file.
PAGES = [p for p in FILES if p.suffix == ".html" and p.name != "layout.html"]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.name))
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)


def test_every_setting_is_described() -> None:
    described = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    source = (ROOT / "config.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z][A-Z_]{3,})"', source))
    assert read == described


def test_only_what_must_be_is_at_the_root() -> None:
    allowed = {"app.py", "config.py", "course", "modules", "migrations", "tests", "requirements.txt", "README.md",
               "CONTRIBUTING.md", "SECURITY.md",
               "pyproject.toml", "Makefile", "CHANGELOG.md", ".env.example", ".ci", "docs", "deploy", ".gitignore"}  # fmt: skip
    assert {p.relative_to(ROOT).parts[0] for p in FILES} <= allowed


def test_property_tests_differ_from_the_one_profile_in_their_number_of_examples_only() -> None:
    """tests/conftest.py has the profile; a deadline or a health check of its own would make a test fail by chance."""
    found = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            other = {word.arg for word in node.keywords} - {"max_examples", "stateful_step_count"}
            if (called in ("settings", "hypothesis.settings") and (other or node.args)) or re.search(
                r"\b(register|load)_profile$", called
            ):
                found.append((path.relative_to(ROOT).as_posix(), called))
    assert found == [
        ("tests/conftest.py", "settings.register_profile"),
        ("tests/conftest.py", "settings.load_profile"),
    ]
