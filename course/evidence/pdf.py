"""The document of a pack, set by Typst like the certificates."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from course.certificates.script_support import add_break_points, clean_text, han_region, replace_missing, text_direction
from course.certificates.typesetting import typeset
from course.content.fact_reviews import reviews_by_status
from course.content.library import Library
from course.content.schema import Source
from course.dates import civil_date
from course.evidence.rules import tables
from course.evidence.rules.pack import PackDescription
from course.evidence.rules.tables import (
    PackCompletion,
    PackContentVersion,
    PackDiscussion,
    PackExtension,
    PackLeave,
    PackPerson,
    PackPoint,
    PackPointResult,
    PackPolicyVersion,
)
from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.policy import describe_policy
from course.web.template_filters import format_date, format_moment

TEMPLATE = Path(__file__).with_name("pack.typ")
MAX_LISTED_PEOPLE = (
    3000  # people whom the document names, worst first; 10,000 would take more than a gigabyte of memory
)
MAX_MISCONCEPTIONS = 10  # points of which the document says what is believed instead; wrong.csv has it of all
MAX_DISCUSSIONS = 100  # talks that the document lists; talks.csv has all
_SOURCE_STATES = {"confirmed": "Confirmed", "known": "Known", "open": "Still open"}
TemplateText = str | dict[str, str]


@dataclass(frozen=True)
class PackDocument:
    """All that the document tells. `people` come worst first; `wrong` counts answers before the day beside it, and
    is None if the group is too small."""

    about: PackDescription
    zone: str
    people: Sequence[PackPerson]
    held: Sequence[PackCompletion]
    extras: Sequence[PackExtension]
    leaves: Sequence[PackLeave]
    rules: Sequence[PackPolicyVersion]
    taught: Sequence[PackPoint]
    shown: Sequence[PackContentVersion]
    wrong: tuple[Sequence[PackPointResult], date] | None
    talks: Sequence[PackDiscussion]
    library: Library


def strip_markup(html: str) -> str:
    """A text of the course without its markup."""
    return unescape(re.sub("<[^>]+>", "", html))


def typeset_pack(document: PackDocument) -> bytes:
    """The document as a PDF."""
    about = document.about
    typed = [about.organisation, about.team, about.maker]
    typed += [text for one in document.people[:MAX_LISTED_PEOPLE] for text in (one.line.name, one.teams)]
    typed += [text for one in document.talks for text in (one.team, one.agreed)]
    typed += [text for one in document.rules for text in (one.reason, one.by)]
    return typeset(
        TEMPLATE, lambda missing: {"facts": json.dumps(_template_data(document, missing))}, typed, about.made_at
    )


def _template_data(of: PackDocument, missing: frozenset[str]) -> dict[str, Any]:
    """What the template gets, in words."""

    def shown(raw: str) -> TemplateText:
        return _template_text(raw, missing)

    about, made = of.about, of.about.made_at.astimezone(UTC)
    course = of.library.course
    used, waiting = reviews_by_status(of.library.sources, course)
    wrong, until = of.wrong or ([], about.day)
    late = [due for due in used if due.is_overdue(civil_date(about.made_at, of.zone))]
    return {
        "title": f"Evidence of training: {clean_text(about.organisation)}",
        "author": clean_text(about.organisation),
        "issued": [made.year, made.month, made.day],
        "organisation": shown(about.organisation),
        "team": shown(about.team or "Everybody"),
        "day": format_date(about.day),
        "made": format_moment(about.made_at, of.zone),
        "maker": shown(about.maker),
        "course": about.course,
        "edition": about.edition,
        "version": about.content_version,
        "total": len(of.people),
        "required": sum(one.required for one in of.people),
        "holding": sum(one.line.has_valid_certificate for one in of.people),
        "counts": _status_counts(of.people),
        "given": len([one for one in of.extras if one.withdrawn is None]),
        "away": len(of.leaves),
        "completed": len(of.held),
        "rules": [
            [
                format_date(one.policy.governs_from),
                one.whom,
                describe_policy(one.policy),
                shown(one.reason),
                shown(one.by),
            ]
            for one in of.rules
        ],
        "points": len(of.taught),
        "critical": sum(one.point.safety_critical for one in of.taught),
        "reviewed": format_date(course.reviewed),
        "months": course.facts_months,
        "owner": course.facts_owner,
        "late": len(late),
        "unconfirmed": len(waiting),
        "sources": [_source_row(one) for one in _unique_sources(of.taught)],
        "steps": [_change_row(on, counts) for on, counts in tables.changes_by_day(of.shown)],
        "changes": [
            [format_date(one.day), one.ref, _strip_emphasis(one.why)] for one in of.shown if one.kind == "change"
        ],
        "small": of.wrong is None,
        "counted": format_date(until - timedelta(days=1)),
        "wrong": [_result_row(one) for one in wrong],
        "believed": [[one.title, one.misconception] for one in wrong[:MAX_MISCONCEPTIONS] if one.misconception],
        "talks": [
            [format_date(one.day), shown(one.team), one.people, one.title, shown(one.agreed) if one.agreed else "–"]
            for one in of.talks[:MAX_DISCUSSIONS]
        ],
        "more_talks": max(0, len(of.talks) - MAX_DISCUSSIONS),
        "people": _people_by_status(of.people[:MAX_LISTED_PEOPLE], shown),
        "left": max(0, len(of.people) - MAX_LISTED_PEOPLE),
    }


def _template_text(raw: str, missing: frozenset[str]) -> TemplateText:
    """A text that somebody typed: alone, or with the side and the letters in which it is set."""
    text = add_break_points(replace_missing(clean_text(raw), missing))
    if text.isascii():
        return text
    return {"text": text, "side": text_direction(text), "han": han_region(text)}


def _strip_emphasis(source: str) -> str:
    """A short text of the course as its author wrote it, without the marks for emphasis."""
    return re.sub(r"[*_`]", "", source)


def _status_counts(people: Iterable[PackPerson]) -> list[list[Any]]:
    found = Counter(one.line.group for one in people)
    return [[words, found[group], tables.STATUS_MEANINGS[group]] for group, words in STATUS_GROUPS.items()]


def _unique_sources(taught: Iterable[PackPoint]) -> list[Source]:
    found = {source.id: source for one in taught for source in one.sources}
    return sorted(found.values(), key=lambda source: (source.publisher, source.title))


def _source_row(one: Source) -> list[str]:
    return [one.title, one.publisher, str(one.date), _SOURCE_STATES[one.status], format_date(one.checked)]


def _change_row(on: date, counts: dict[str, int]) -> list[Any]:
    return [format_date(on), *(counts.get(kind, 0) for kind in tables.CONTENT_KINDS)]


def _result_row(one: PackPointResult) -> list[Any]:
    share, low, high = (tables.as_percent(value) for value in (one.right / one.answers, one.low, one.high))
    return [
        one.title + (" (keeps children safe)" if one.critical else ""),
        f"{share} %, likely {low} to {high} %", one.answers, one.people, one.sure,
    ]  # fmt: skip


def _people_by_status(people: Sequence[PackPerson], shown: Any) -> list[list[Any]]:
    """The people by status: the words for it, and a row for each of them."""
    found: dict[str, list[list[TemplateText]]] = {}
    for one in people:
        line = one.line
        row = [
            shown(line.name), shown(one.teams or "–"), line.label, format_date(line.due) if line.due else "–",
            format_date(line.valid_until) if line.valid_until else "–",
        ]  # fmt: skip
        found.setdefault(line.group, []).append(row)
    return [[STATUS_GROUPS[group], rows] for group, rows in found.items()]
