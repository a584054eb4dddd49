"""The words of the interface are short, current British English: forms that readers stumble over are refused.

Refused are words and turns that are literary, inverted, or not what staff, managers and HR people say. What each should be
instead is in the list. The messages are those of the catalogue; names of placeholders are no words.
"""

from __future__ import annotations

import re

import pytest

from tests.support.messages import extracted

# What is refused, as a regular expression for whole words without regard to capitals, and what to write.
REFUSED = {
    r"whom|whomever": "who",
    r"whoever|whosoever": "the person who, anyone who",
    r"somebody|nobody|everybody|anybody": "someone, no one, everyone, anyone",
    r"shall": "will, must",
    r"whilst|amongst|hence|thereby|lest|wherein|hitherto|afresh": "while, among, so, again",
    r"stands?(?= (?:at|in(?! for)|on|there|beside|above|below|out\b|when|with))": "is, are, is shown",
    r"(?:is|are|was|were|be|been|being|not|cannot be) told(?: of)?": "gets a message, sees; or say who says what",
    r"(?:gets?|got|getting) (?:it |them |this )?wrong": "finds hard, answers wrongly",
    r"mend(?:s|ed|ing)?": "improve, correct, repair",
    r"lend|lent": "give access",
    r"let(?:s|ting)? in|turn(?:s|ed|ing)? down": "approve, decline",
    r"(?:look|looks|looked|looking) at (?:it |them |this |these )?again": "check",
    r"take[ns]? (?:it |that |them |this )?back|took (?:it |that |them )?back": "cancel, withdraw, undo",
    r"may be empty": "(optional)",
    r"as at": "on",
    r"(?<!and )no more(?! than)|no longer any": "no longer",
    r"once more": "again",
    r"by mail": "by e-mail",
    r"mistake:": "Error:",
    r"wrote down that|written down": "recorded",
    r"to be had|by way of|in between|of their own accord": "available, through",
}
# "Stand in for" somebody is a deputy's word in daily English; "mistake" as such is a plain word.
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}|<[^>]+>")


def refused_forms(message: str) -> list[str]:
    """The refused forms in a message, with what to write instead."""
    words = _PLACEHOLDER.sub(" … ", message)
    return [
        f"{found[0]!r} (write: {better})"
        for form, better in REFUSED.items()
        for found in re.finditer(rf"(?<!\w)(?:{form})(?!\w)", words, re.IGNORECASE)
    ]


def test_the_catalogue_has_no_refused_form() -> None:
    messages = [one for entry in extracted() for one in ([entry.id] if isinstance(entry.id, str) else entry.id)]
    found = [f"{forms}: {message}" for message in messages if (forms := refused_forms(message))]
    assert "\n".join(found) == ""


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("Whom to ask", 1),
        ("Whoever has the link can ask to be let in.", 2),
        ("It stands at the top of each page.", 1),
        ("{who} invited {whom}", 0),
        ("%(whom)s signed in", 0),
        ("A child has told you something.", 0),
        ("Managers are told by mail", 2),
        ("You can understand this, and stand in for a colleague.", 0),
        ("No more than five", 0),
        ("It counts no more.", 1),
        ("Who to ask", 0),
        ("What teams get wrong", 1),
    ],
)
def test_a_refused_form_is_found_as_a_word_and_not_in_a_placeholder(message: str, count: int) -> None:
    assert len(refused_forms(message)) == count
