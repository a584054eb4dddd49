"""The header of every page."""

from __future__ import annotations

import pytest

from course.organisation.header_footer import initials


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sam Okafor", "SO"), ("Mary Ann van der Berg", "MB"), ("Łukasz", "Ł"), ("sam okafor", "SO"), ("", "")],
)
def test_the_menu_shows_the_initials_of_the_first_and_last_name(name: str, expected: str) -> None:
    assert initials(name) == expected
