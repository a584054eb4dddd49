"""What a text needs before it is set in type."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.certificates.script_support import (
    add_break_points,
    clean_text,
    han_region,
    needs_actual_text,
    replace_missing,
    text_direction,
)

PLAIN = [
    ("Sam  Okafor ", "Sam Okafor"),
    ("Sam\x00\tOka\u202efor\n", "Sam Okafor"),
    ("e\u0301", "é"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("\u0600\u0661", "\u0600\u0661"),
    ("a\ud800b\uffff", "a\ufffdb"),
    ("\u061cعمر", "عمر"),
    ("葛\U000e0100 ❤\ufe0f", "葛\U000e0100 ❤"),
]


@pytest.mark.parametrize(("typed", "expected"), PLAIN)
def test_what_cannot_be_seen_goes_and_all_else_stays(typed: str, expected: str) -> None:
    assert clean_text(typed) == expected


@given(st.text(max_size=60))
def test_no_letter_is_ever_lost(typed: str) -> None:
    def letters(name: str) -> list[str]:
        return [sign for sign in name if unicodedata.category(sign)[0] in "LMN" and sign not in "\ufe0e\ufe0f"]

    assert letters(clean_text(typed)) == letters(unicodedata.normalize("NFC", typed))
    assert clean_text(clean_text(typed)) == clean_text(typed)


BOXED = [
    ("Sam 李", {"李"}, "Sam □"),
    ("11\u20e31", {"1"}, "1□1"),
    ("👨\u200d👩\u200d👧!", {"👨", "👩", "👧"}, "□□□!"),
    ("\ue000", set(), "□"),
    ("Sam", {"S"}, "Sam"),
]


@pytest.mark.parametrize(("name", "missing", "expected"), BOXED)
def test_only_what_is_missing_becomes_a_box(name: str, missing: set[str], expected: str) -> None:
    assert replace_missing(name, frozenset(missing)) == expected


SIDES = [("Sam أحمد", "L"), ("12 أحمد Sam", "AL"), ("שרה", "R"), ("", "L"), ("123", "L"), ("李", "L")]


@pytest.mark.parametrize(("name", "expected"), SIDES)
def test_the_first_letter_decides_from_which_side_a_text_is_written(name: str, expected: str) -> None:
    assert text_direction(name) == expected


SPELLED = [
    ("Nguyễn", False), ("ọ̀", True), ("محمد", False), ("مُحَمَّد", True), ("שָׂרָה", True), ("می\u200cخواهم", True),
    ("श्री", False), ("ਗੁਰਪ੍ਰੀਤ", False), ("சுப்பு", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), SPELLED)
def test_a_name_with_loose_marks_is_said_in_another_way_too(name: str, expected: bool) -> None:
    assert needs_actual_text(name) is expected


@pytest.mark.parametrize(("name", "region"), [("李明", "SC"), ("山田はなこ", "JP"), ("김 民", "KR"), ("Sam", "SC")])
def test_han_characters_take_the_forms_of_the_letters_beside_them(name: str, region: str) -> None:
    assert han_region(name) == region


@given(st.text(alphabet="aw ि\u0301क्\u200dم", min_size=41, max_size=200))
def test_a_long_word_may_be_broken_and_loses_nothing(name: str) -> None:
    broken = add_break_points(name)
    assert broken.replace("\u200b", "") == name
    for piece in broken.split("\u200b")[1:]:
        assert not unicodedata.category(piece[0]).startswith("M")
        assert piece[0] != "\u200d"


def test_a_word_that_fits_on_a_line_is_not_broken() -> None:
    assert add_break_points("W" * 40) == "W" * 40
    assert add_break_points("W" * 41) == f"{'W' * 20}\u200b{'W' * 20}\u200bW"
