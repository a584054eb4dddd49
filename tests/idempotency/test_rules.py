"""Fingerprints of forms: which requests count as the same press of a button."""

from __future__ import annotations

import pytest

from course.idempotency.rules import form_fingerprint

FORM = [("name", "Kitchen"), ("parent", "")]


def test_the_same_form_has_the_same_fingerprint() -> None:
    assert form_fingerprint("k", "/teams", FORM, [b"a list"]) == form_fingerprint(
        "k", "/teams", list(FORM), [b"a list"]
    )


@pytest.mark.parametrize(
    ("key", "path", "entered", "files"),
    [
        ("other", "/teams", FORM, [b"a list"]),
        ("k", "/people", FORM, [b"a list"]),
        ("k", "/teams", [("name", "Kitchens"), ("parent", "")], [b"a list"]),
        ("k", "/teams", [("name", "Kitchen")], [b"a list"]),
        ("k", "/teams", [("name", ""), ("Kitchen", "parent"), ("", "")], [b"a list"]),
        ("k", "/teams", FORM, [b"another list"]),
        ("k", "/teams", FORM, []),
        ("k", "/teams", [("name", "\ud800"), ("parent", "")], [b"a list"]),
    ],
)
def test_another_form_or_other_content_has_another_fingerprint(
    key: str, path: str, entered: list[tuple[str, str]], files: list[bytes]
) -> None:
    assert form_fingerprint(key, path, entered, files) != form_fingerprint("k", "/teams", FORM, [b"a list"])
