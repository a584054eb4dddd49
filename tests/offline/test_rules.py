"""Which pages a device keeps, and what becomes of an answer that it sends later."""

from __future__ import annotations

import pytest

from course.learning.rules.notes import merge_note
from course.offline.rules import KeptPart, Receipt, addresses_to_keep, receipt


def test_the_module_under_way_is_kept_with_what_is_open_in_it_and_nothing_else() -> None:
    parts = [
        KeptPart("fire/story", "/run/3", True),
        KeptPart("fire", "/attempt/4/2", True),
        KeptPart("fire/story", "/run/1", False),
        KeptPart("water", "/attempt/5/1", True),
        KeptPart("firework", "/run/6", True),
    ]
    kept = addresses_to_keep(
        "/", "fire", "/module/fire", ["/module/fire/a", "/module/fire", "/module/fire/check"], parts
    )
    assert kept == ["/", "/module/fire", "/module/fire/a", "/module/fire/check", "/run/3", "/attempt/4/2"]


@pytest.mark.parametrize(
    ("status", "committed", "expected"),
    [
        (303, True, Receipt(saved=True)),
        (303, False, Receipt()),  # closed meanwhile: its reader is told
        (422, False, Receipt()),
        (404, False, Receipt()),
        (403, False, Receipt()),
        (200, True, Receipt()),  # a page in the place of a redirect is no receipt
        (400, False, Receipt(later=True)),
        (409, False, Receipt(later=True)),
        (429, False, Receipt(later=True)),
        (500, True, Receipt(later=True)),
        (503, False, Receipt(later=True)),
    ],
)
def test_only_a_decided_answer_leaves_the_device(status: int, committed: bool, expected: Receipt) -> None:
    assert receipt(status, committed) == expected


@pytest.mark.parametrize(
    ("stored", "seen", "sent", "expected"),
    [
        ("", "", "Ask.", "Ask."),
        ("Ask.", "", "Ask.", "Ask."),  # sent twice
        ("Other.", "", "Ask.", "Other.\n\nAsk."),
        ("Other.\n\nAsk.", "", "Ask.", "Other.\n\nAsk."),  # sent twice, and another window had written
        ("I ask.", "", "ask.", "I ask.\n\nask."),  # a part of a line is not the same text
    ],
)
def test_a_note_that_is_sent_twice_stands_once(stored: str, seen: str, sent: str, expected: str) -> None:
    assert merge_note(stored, seen, sent) == expected
