"""Templates: what stands on many pages is written in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

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


def test_the_title_of_each_list_in_pages_says_which_page_it_is() -> None:
    """So that tabs, the history and the first words of a screen reader tell the pages of a list apart (WCAG 2.4.2)."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        title = "".join(re.findall(r"\{% block title %\}(.*?)\{% endblock %\}", text, re.DOTALL))
        for pages, part in (("numbered_pages(", "page_of("), ("older_pages(", "older_part(")):
            if title and pages in text:
                assert part in title, (path.name, part)


def test_a_field_that_is_written_in_a_template_says_whether_a_browser_may_fill_it_in() -> None:
    """As the fields of forms do (course/web/forms.py). `readonly` ones show something to copy."""
    fields = [
        (path.name, tag)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for tag in re.findall(r"<input\b(?:[^<>]|<[^>]*>)*>", path.read_text())
        if not re.search(r'type="(?!text|search|email|tel)|readonly|autocomplete=', tag)
    ]
    assert fields == []


def test_what_a_template_imports_it_uses() -> None:
    unused = []
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in sorted(TEMPLATES.rglob("*.html")):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        used = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
        imported = [name for one in tree.find_all(nodes.FromImport) for name in one.names]
        unused += [(path.name, name) for name in imported if (name[1] if isinstance(name, tuple) else name) not in used]
    assert unused == []


def test_the_labels_of_a_scene_are_shown_with_their_language() -> None:
    """So that a page in Welsh says of a scene without a translation that it is in English (WCAG 3.1.2)."""
    unmarked = [
        (path.name, label)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for label in re.findall(r"\{\{ ?([\w.]*scene\.(?:ask|time|title)) ?\}\}", path.read_text(encoding="utf-8"))
    ]
    assert unmarked == [], "end it with |lang"


def test_a_sentence_does_not_run_into_the_link_on_the_next_line() -> None:
    """A line break after a tag of Jinja is left out (`trim_blocks`): "… with another question.Read the page again"."""
    glued = re.compile(r"[.!?](?:\"\) \}\})?(?:\{% ?end\w+ ?%\})+\n(?:\{%[^%\n]*%\})*<(?:a|b|span)\b")
    found = [
        (path.name, hit[0])
        for path in sorted(TEMPLATES.rglob("*.html"))
        for hit in glued.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
