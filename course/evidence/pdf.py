"""The document of an evidence pack, typeset by Typst like the certificates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

from course.certificates.script_support import add_break_points, clean_text, han_region, replace_missing, text_direction
from course.certificates.typesetting import typeset
from course.content.library import Library
from course.evidence.pdf_course import course_data
from course.evidence.rules import tables
from course.evidence.rules.overdue import OverduePersonActions, days_text, grouped_actions
from course.evidence.rules.pack import PackDescription
from course.evidence.rules.responsible import ResponsiblePerson
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
    certificate_text,
)
from course.evidence.rules.teams import TeamLine
from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.policy import describe_policy
from course.reports.team_trend import share
from course.web.template_filters import format_date, format_moment

TEMPLATE = Path(__file__).with_name("pack.typ")
MAX_LISTED_PEOPLE = (
    3000  # people listed in the document, most urgent first; 10,000 would need more than a gigabyte of memory
)
MAX_MISCONCEPTIONS = 10  # learning points whose misconception the document quotes; wrong.csv has all
MAX_DISCUSSIONS = 100  # discussions that the document lists; talks.csv has all
MAX_TEAMS = 60  # teams that the document lists, in the order of the table; teams.csv has all
MAX_OVERDUE = (
    300  # overdue people about whom the document tells what was done, longest overdue first; overdue.csv has all
)
MAX_RESPONSIBLE = 12  # people whom the first page names; responsible.csv has all
TemplateText = str | dict[str, str]


@dataclass(frozen=True)
class PackDocument:
    """The contents of the document.

    `people` are sorted by urgency, `teams` are in the order of the table. `point_results` go with the day before which
    answers were counted; None if the group is too small. `nation` is
    that of the organisation, `check_url` the page that checks packs.
    """

    about: PackDescription
    zone: str
    people: Sequence[PackPerson]
    teams: Sequence[TeamLine]
    responsible: Sequence[ResponsiblePerson]
    overdue: Sequence[OverduePersonActions]
    completions: Sequence[PackCompletion]
    extensions: Sequence[PackExtension]
    leaves: Sequence[PackLeave]
    policies: Sequence[PackPolicyVersion]
    points: Sequence[PackPoint]
    content_versions: Sequence[PackContentVersion]
    point_results: tuple[Sequence[PackPointResult], date] | None
    discussions: Sequence[PackDiscussion]
    library: Library
    nation: str | None
    check_url: str


def typeset_pack(document: PackDocument) -> bytes:
    """The document as a PDF."""
    about = document.about
    return typeset(
        TEMPLATE, lambda missing: {"facts": json.dumps(_template_data(document, missing))}, list(_typed_texts(document)),
        about.made_at,
    )  # fmt: skip


def _typed_texts(document: PackDocument) -> Iterator[str]:
    """The texts in the document that people typed, whose letters have to be found in a font."""
    about = document.about
    yield from (about.organisation, about.team, about.requested_by)
    for team in document.teams[:MAX_TEAMS]:
        yield from (team.name, *team.managers)
    for person in document.people[:MAX_LISTED_PEOPLE]:
        details, completion = person.details, person.completion
        yield from (person.line.name, person.teams, details.staff_number, details.job_role, *details.roles)
        yield certificate_text(completion)
    yield from (person.name for person in document.responsible)
    for overdue in document.overdue[:MAX_OVERDUE]:
        yield overdue.person.teams
        for action in overdue.actions:
            yield from (action.what, action.detail, action.outcome)
    for discussion in document.discussions:
        yield from (discussion.team, discussion.agreed)
    for version in document.policies:
        yield from (version.reason, version.made_by)


def _template_data(document: PackDocument, missing: frozenset[str]) -> dict[str, Any]:
    """The values for pack.typ, as texts and numbers. `missing` are the characters that no font has."""

    def typed(raw: str) -> TemplateText:
        return _template_text(raw, missing)

    about, made = document.about, document.about.made_at.astimezone(UTC)
    people = document.people
    return {
        "title": f"Evidence of training: {clean_text(about.organisation)}",
        "author": clean_text(about.organisation),
        "issued": [made.year, made.month, made.day],
        "organisation": typed(about.organisation),
        "team": typed(about.team or "Everyone"),
        "day": format_date(about.day),
        "made": format_moment(about.made_at, document.zone),
        "maker": typed(about.requested_by),
        "answer": answer(people, about.day),
        "check": document.check_url,
        "total": len(people),
        "required": sum(person.required for person in people),
        "holding": sum(person.line.has_valid_certificate for person in people),
        "holding_freely": sum(person.line.has_valid_certificate and not person.required for person in people),
        "counts": _status_counts(people),
        "given": sum(extension.withdrawn is None for extension in document.extensions),
        "away": len(document.leaves),
        "completed": tables.completed_count(document.completions),
        "rules": [
            [format_date(version.policy.governs_from), version.audience, describe_policy(version.policy),
             typed(version.reason), typed(version.made_by)]
            for version in document.policies
        ],
        "people": _people_by_status(people[:MAX_LISTED_PEOPLE], typed),
        "left": max(0, len(people) - MAX_LISTED_PEOPLE),
        **_team_data(document, typed),
        **_overdue_data(document, typed),
        **course_data(
            about, document.zone, document.points, document.content_versions, document.library, document.nation
        ),
        **_result_data(document, typed),
    }  # fmt: skip


def answer(people: Sequence[PackPerson], day: date) -> str:
    """How many of those who had to train held a valid certificate on the day, and how many were overdue, in one or two
    sentences."""
    required = [person for person in people if person.required]
    valid = sum(person.line.has_valid_certificate for person in required)
    overdue = sum(person.line.group == "overdue" for person in people)
    if not required:
        return f"On {format_date(day)}, no one had to train."
    if valid == len(required):
        held = "the only person who had to train held" if valid == 1 else f"all {valid} people who had to train held"
    elif len(required) == 1:
        held = "the only person who had to train did not hold"
    else:
        held = f"{valid} of the {len(required)} people who had to train ({share(valid, len(required))} %) held"
    late = {0: "No one was overdue.", 1: "1 person was overdue."}.get(overdue, f"{overdue} people were overdue.")
    return f"On {format_date(day)}, {held} a valid certificate. {late}"


def _team_data(document: PackDocument, typed: Callable[[str], TemplateText]) -> dict[str, Any]:
    """The values about teams, and about those who were responsible."""
    return {
        "teams": [
            [line.level, typed(line.name), typed(", ".join(line.managers) or "–"), line.people, line.required, line.valid,
             "–" if line.percent is None else f"{line.percent} %", line.overdue, line.due_soon, line.not_started]
            for line in document.teams[:MAX_TEAMS]
        ],
        "more_teams": max(0, len(document.teams) - MAX_TEAMS),
        "responsible": [
            [person.responsibility, typed(person.name),
             f"Confirmed on {format_date(person.confirmed_on)}" if person.confirmed_on else "Role on that day"]
            for person in document.responsible[:MAX_RESPONSIBLE]
        ],
        "more_responsible": max(0, len(document.responsible) - MAX_RESPONSIBLE),
    }  # fmt: skip


def _overdue_data(document: PackDocument, typed: Callable[[str], TemplateText]) -> dict[str, Any]:
    """The values about what was done about each overdue person."""
    return {
        "overdue": [
            {
                "name": typed(one.person.line.name),
                "team": typed(one.person.teams or "–"),
                "state": one.person.line.label,
                "actions": [
                    [typed(group.what), len(group.days), days_text(group.days), typed(group.outcome or "–"),
                     typed(group.detail or "–")]
                    for group in grouped_actions(one.actions)
                ],
            }
            for one in document.overdue[:MAX_OVERDUE]
        ],
        "more_overdue": max(0, len(document.overdue) - MAX_OVERDUE),
    }  # fmt: skip


def _result_data(document: PackDocument, typed: Callable[[str], TemplateText]) -> dict[str, Any]:
    """The values about the answers of the group, and about its discussions."""
    results, counted_before = document.point_results or ([], document.about.day)
    return {
        "small": document.point_results is None,
        "counted": format_date(counted_before - timedelta(days=1)),
        "wrong": [_result_row(result) for result in results],
        "believed": [
            [result.title, result.misconception] for result in results[:MAX_MISCONCEPTIONS] if result.misconception
        ],
        "talks": [
            [
                format_date(talk.day),
                typed(talk.team),
                talk.people,
                talk.title,
                typed(talk.agreed) if talk.agreed else "–",
            ]
            for talk in document.discussions[:MAX_DISCUSSIONS]
        ],
        "more_talks": max(0, len(document.discussions) - MAX_DISCUSSIONS),
    }


def _template_text(raw: str, missing: frozenset[str]) -> TemplateText:
    """A text that a person typed: as it is, or with the direction and the script for which it must be typeset."""
    text = add_break_points(replace_missing(clean_text(raw), missing))
    if text.isascii():
        return text
    return {"text": text, "side": text_direction(text), "han": han_region(text)}


def _status_counts(people: Iterable[PackPerson]) -> list[list[Any]]:
    totals = Counter(person.line.group for person in people)
    return [[name, totals[group], tables.STATUS_MEANINGS[group]] for group, name in STATUS_GROUPS.items()]


def _result_row(result: PackPointResult) -> list[Any]:
    share, low, high = (
        tables.as_percent(value) for value in (result.correct / result.answers, result.low, result.high)
    )
    return [
        result.title + (" (keeps children safe)" if result.critical else ""),
        f"{share} %, likely {low} to {high} %", result.answers, result.people, result.confident_errors,
    ]  # fmt: skip


def _people_by_status(people: Sequence[PackPerson], typed: Callable[[str], TemplateText]) -> list[list[Any]]:
    """The people grouped by status: the name of each status, and a row for each person."""
    rows_by_group: dict[str, list[list[TemplateText]]] = {}
    for person in people:
        line, completion = person.line, person.completion
        number = person.details.staff_number
        row = [
            typed(f"{line.name} ({number})" if number else line.name), typed(person.teams or "–"),
            typed(", ".join(filter(None, (person.details.job_role, person.pathway, *person.details.roles)))),
            format_date(completion.day) if completion else "–", typed(certificate_text(completion) or "–"),
            format_date(line.valid_until) if line.valid_until else "–", format_date(line.due) if line.due else "–",
            line.label,
        ]  # fmt: skip
        rows_by_group.setdefault(line.group, []).append(row)
    return [[STATUS_GROUPS[group], rows] for group, rows in rows_by_group.items()]
