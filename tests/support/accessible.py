"""What is wrong with a page for people who do not see it, or have no mouse, as far as its HTML tells."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

# Attributes that name other elements of the page by their ids.
REFERENCES = ("aria-describedby", "aria-labelledby", "aria-controls", "for")
FOCUSABLE = {"input", "select", "textarea", "button", "summary"}
ERROR = {"en": "Error: ", "cy": "Gwall: "}


def faults(tree: Element) -> list[str]:
    """What is wrong, in words; nothing if all is well."""
    found = {str(element.get("id")): element for element in tree.iter() if element.get("id")}
    rules = (_alerts, _messages, _headings, _scopes, _names)
    return [*_references(tree, found), *_mistakes(tree, found), *(one for rule in rules for one in rule(tree))]


def _classes(element: Element) -> set[str]:
    return set((element.get("class") or "").split())


def _references(tree: Element, found: dict[str, Element]) -> list[str]:
    """References to elements that are not there."""
    return [
        f"the {name} of <{element.tag}> names {one!r}, which is not there"
        for element in tree.iter()
        for name in REFERENCES
        for one in (element.get(name) or "").split()
        if one not in found
    ]


def _mistakes(tree: Element, found: dict[str, Element]) -> list[str]:
    """Whether a summary of mistakes is said first, has the focus, and leads to what can have it (WCAG 3.3.1, 2.4.3)."""
    summary = found.get("mistakes")
    if summary is None:
        return []
    wrong = []
    title, html = tree.find(".//title"), tree if tree.tag == "html" else tree.find(".//html")
    begins = ERROR.get(str(html.get("lang")) if html is not None else "")
    if begins and (title is None or not re.sub(r"\s+", " ", title.text or "").strip().startswith(begins)):
        wrong.append(f"the title does not begin with {begins!r}")
    if summary.get("autofocus") is None or summary.get("tabindex") != "-1":
        wrong.append("the summary of mistakes does not get the focus")
    for link in summary.iter("a"):
        target = found.get(str(link.get("href")).removeprefix("#"))
        if target is None or not (target.tag in FOCUSABLE or target.get("tabindex") is not None):
            wrong.append(f"a mistake leads to {link.get('href')}, which cannot have the focus")
    return wrong


def _alerts(tree: Element) -> list[str]:
    """What is said at once, and does not get the focus, so that the reader is somewhere else when it has been said. A script
    shows those that are hidden."""
    return [
        f"the alert {''.join(one.itertext()).strip()[:60]!r} does not get the focus"
        for one in tree.iter()
        if one.get("role") == "alert" and one.get("hidden") is None and one.get("id") != "mistakes"
    ]


def _messages(tree: Element) -> list[str]:
    """Hints and messages at a field that are read out with nothing (WCAG 1.3.1, 3.3.2)."""
    described = {one for element in tree.iter() for one in (element.get("aria-describedby") or "").split()}
    messages = [one for one in tree.iter() if "mistake" in _classes(one) and one.get("role") is None]
    for field in tree.iter():
        if "field" in _classes(field) and any(one.tag in ("input", "select", "textarea") for one in field.iter()):
            messages += [one for one in field if "hint" in _classes(one)]
    texts = ["".join(one.itertext()).strip() for one in messages if one.get("id") not in described]
    return [f"no field is described by {text[:60]!r}" for text in texts]


def _headings(tree: Element) -> list[str]:
    """Headings that leave out a level, in the main part of a page."""
    wrong, last = [], 1
    main = tree.find(".//main")
    for element in main.iter() if main is not None else ():
        if not re.fullmatch(r"h[1-6]", str(element.tag)):
            continue
        level = int(str(element.tag)[1])
        if level > last + 1:
            wrong.append(f"<{element.tag}> follows <h{last}>: {''.join(element.itertext()).strip()[:60]!r}")
        last = level
    return wrong


def _scopes(tree: Element) -> list[str]:
    """Headings of tables that do not say what they head."""
    return [
        f"a heading of a table has no scope: {''.join(one.itertext()).strip()!r}"
        for one in tree.iter("th")
        if not one.get("scope")
    ]


def _names(tree: Element) -> list[str]:
    """Links and buttons whose name leaves out the words on them, by which they are spoken to (WCAG 2.5.3), and progress bars
    without a name (4.1.2)."""
    wrong = []
    for element in tree.iter():
        name = element.get("aria-label")
        if element.tag == "progress" and not name:
            wrong.append("a progress bar has no name")
        if not name or element.tag not in ("a", "button", "summary"):
            continue
        seen = " ".join("".join(element.itertext()).split())
        if seen.casefold() not in name.casefold():
            wrong.append(f"{name!r} is said of {seen!r}")
    return wrong
