"""Password policy: passwords that are guessed first, or made of what is known about the person, are refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from course.auth.rules import MIN_PASSWORD_LENGTH, password_mistake

EMAIL, NAME, OURS = "sam.okafor@riverside.example", "Sam Okafor", "The Hill Trust"


@pytest.mark.parametrize(
    "password",
    [
        "ten chars!",
        "sam okafor likes tea",
        "quiet-river-stones-42",
        "another-password",
        "tʃɪldrən first",
        "trusting nobody much",
        "ab" + "xyz" * 66,
        "Hillside picnic blanket",
        "correct horse battery staple",
    ],
)
def test_a_password_of_ten_characters_that_nobody_would_guess_is_enough(password: str) -> None:
    assert password_mistake(password, EMAIL, NAME, OURS) is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("nine char", "at least 10"),
        ("", "at least 10"),
        ("x" * 201, "at most 200"),
        ("Sam Okafor", "your name"),
        ("SamOkafor ", "your name"),
        ("okaforsam1", "your name"),
        ("SamOkafor2026!", "your name"),
        ("0kaf0r-5am-99", "your name"),
        ("okaforokafor", "your name"),
        ("sam.okafor@RIVERSIDE.example", "e-mail address"),
        ("sam.okafor", "e-mail address"),
        ("TheHillTrust", "your organisation"),
        ("hilltrust2026", "your organisation"),
        ("Trust-Hill-1!", "your organisation"),
        ("the hill trust", "your organisation"),
        ("riverside2026", "your organisation"),
        ("Password123", "or one like it"),
        ("P@ssw0rd2026!", "or one like it"),
        ("Liverpool2026", "or one like it"),
        ("12345678!2026", "or one like it"),
        ("qwertyuiop", "or one like it"),
        ("monkeymonkey", "or one like it"),
        ("safeguarding1", "or one like it"),
        ("1234567890", "follow each other"),
        ("09876543210", "follow each other"),
        ("abcdefghijkl", "follow each other"),
        ("ZZZZZZZZZZ", "repeat"),
        ("abcabcabcabc", "repeat"),
    ],
)
def test_a_password_is_refused_with_a_reason(password: str, words: str) -> None:
    assert words in (password_mistake(password, EMAIL, NAME, OURS) or "")


def test_every_common_password_is_refused_also_with_a_year_after_it() -> None:
    known = FREQUENCY_LISTS["passwords"]
    long = [word for word in known if len(word) >= MIN_PASSWORD_LENGTH]
    assert len(long) > 1000
    assert [word for word in long if password_mistake(word, EMAIL, NAME, OURS) is None] == []
    words = [word for word in known[:10_000] if word.isalpha() and len(word) >= 6]
    assert len(words) > 5000
    assert [word for word in words if password_mistake(f"{word.title()}2026!", EMAIL, NAME, OURS) is None] == []


@pytest.mark.parametrize(
    ("name", "organisation", "password", "refused"),
    [
        ("Zoë O’Brien", "", "zoeobrien1", True),
        ("Zoë O’Brien", "", "Zoë-O’Brien-1", True),
        ("Łukasz Nowak", "Ysgol y Bryn", "ysgolybryn22", True),
        ("Al Li", "", "alligator pie", False),
        ("X", "", "xylophone party", False),
        ("", "", "anything at all", False),
        ("李 小龙", "", "李小龙李小龙2026", True),
    ],
)
def test_names_of_every_kind_are_known_and_short_ones_refuse_little(
    name: str, organisation: str, password: str, refused: bool
) -> None:
    assert (password_mistake(password, "x@example.org", name, organisation) is not None) is refused


def test_the_list_is_not_read_when_the_course_starts() -> None:
    code = "import course.auth.forms, sys; sys.exit('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
