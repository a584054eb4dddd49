"""What the log says about entries that count something."""

from __future__ import annotations

import re

import pytest

from course.audit.catalogue import event_kind, event_names
from course.audit.rules import AuditEventKind, event_sentence

# A detail and what it counts; the other words on "s" behind a detail are verbs.
COUNTED = re.compile(r"\{(\w+)\} (people|entries|deliveries|(?!was\b|does\b|provisions\b|reviews\b)[a-z]+[^s\W]s)\b")


def kinds_that_count() -> list[tuple[AuditEventKind, str, str]]:
    """The kinds of event whose sentence counts, with the detail and the plural."""
    every = [kind for name in event_names() if (kind := event_kind(name)) is not None]
    return [
        (kind, detail, things)
        for kind in every
        for sentence in (kind.sentence, kind.own, kind.no_subject)
        for detail, things in COUNTED.findall(str(sentence or ""))
        if detail not in ("who", "whom")
    ]


@pytest.mark.usefixtures("app")
def test_a_log_entry_about_one_thing_does_not_say_1_people() -> None:
    found = kinds_that_count()
    assert {"supervised.planned", "evidence.made", "report.mailed"} <= {kind.name for kind, _detail, _things in found}
    wrong = [
        sentence
        for kind, detail, things in found
        if f"1 {things}" in (sentence := event_sentence(kind, "Robin", "Sam", is_self=False, details={detail: 1}))
    ]
    assert wrong == []


@pytest.mark.usefixtures("app")
def test_a_log_entry_about_several_keeps_the_plural() -> None:
    kind = event_kind("supervised.planned")
    assert kind is not None
    said = [event_sentence(kind, "Robin", None, is_self=False, details={"session": 3, "people": n}) for n in (1, 2, 0)]
    assert said == [
        "Robin planned supervised session 3, with 1 person",
        "Robin planned supervised session 3, with 2 people",
        "Robin planned supervised session 3, with 0 people",
    ]
