"""Templates: what stands on many pages is written in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "course" / "templates"
# What only the macros of components/lists.html write, by the name of the macro.
MARKUP = {
    "table": r"<table\b",
    "tag": r'class="tag\b',
    "older_pages, numbered_pages": r'<nav class="step"',
    "filter_form": r'role="search"',
}


@pytest.mark.parametrize("macro", MARKUP)
def test_the_markup_of_lists_is_written_by_macros(macro: str) -> None:
    found = {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if re.search(MARKUP[macro], path.read_text(encoding="utf-8"))
    }
    assert found == {"components/lists.html"}, f"use {macro} of components/lists.html"
