"""Making a pack: reading what was true on a day, and putting it into tables, a document and a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.analytics import team_findings as analytics
from course.analytics.queries import answer_counts
from course.analytics.queries import team_discussions as every_talk
from course.analytics.rules.discussions import discussions_of_teams, related_groups
from course.analytics.rules.question_review import quote_text
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.audit.queries import log_head
from course.audit.rules import EVENT_KINDS
from course.content.library import Library
from course.content.review_report import newer_facts_by_point
from course.credentials.actions import Signer
from course.db import assert_outside_unit_of_work
from course.evidence import queries
from course.evidence.pack_readme import readme
from course.evidence.pdf import PackDocument, strip_markup, typeset_pack
from course.evidence.rules import tables
from course.evidence.rules.pack import MANIFEST, SIGNATURE, STEPS, PackDescription, build_manifest, zip_members
from course.evidence.rules.tables import (
    PackDiscussion,
    PackPerson,
    PackPoint,
    PackPointResult,
    PackPolicyVersion,
    PackTable,
)
from course.exports.rules import StageCallback
from course.people.rules import Viewer
from course.recertification import queries as renewal
from course.recertification.rules.policy import Policy
from course.reports.report_view import ReportView, build_report_view, report_rows
from course.reports.rules import ReportFilter
from course.reports.status_cache import StatusCache
from course.teams.queries import parents_at
from course.web.spreadsheet import csv_bytes


@dataclass(frozen=True)
class PackRequest:
    """What pack is wanted: of a team and all below it (None: of everybody whom the viewer may see), as at the end of
    a day; `viewer` asks for it, at the moment `at`."""

    team: int | None
    day: date
    viewer: Viewer
    at: datetime


@dataclass(frozen=True)
class IssuerContext:
    """Where a pack is made: the organisation's name, its calendar, the day there, and the address of the course."""

    organisation: str
    zone: str
    today: date
    address: str


@dataclass(frozen=True)
class UnsignedPack:
    """A pack that has still to be signed. `about` is as the manifest says it, `people` are the ids of those whom it
    names, `files` are its members."""

    about: PackDescription
    people: frozenset[int]
    files: dict[str, bytes]


def build_pack(
    session: Session,
    library: Library,
    ledger: StatusCache,
    asked: PackRequest,
    house: IssuerContext,
    tell: StageCallback,
) -> UnsignedPack:
    """All that a pack says. It only reads, so nobody who writes has to wait for it."""

    def step(number: int) -> None:
        tell(STEPS[number], number, len(STEPS))

    step(0)
    seen = _report_view(session, ledger, asked, house)
    people = [
        PackPerson(one.line, one.teams, one.pathway, one.progress)
        for one in report_rows(session, library, seen, seen.report.lines)
    ]
    names = {one.line.id: one.line for one in people}
    step(1)
    held = queries.completions(session, names.keys(), seen.at, house.zone)
    extras = queries.extensions(session, names.keys(), seen.at)
    leaves = queries.leaves(session, names.keys(), seen.at)
    rules = _policy_versions(session, house.zone, asked.day, seen.at)
    step(2)
    taught, shown = _taught_points(library), queries.content_versions(session, seen.at, house.zone)
    deeds = queries.count_events(session, names.keys(), seen.at)
    step(3)
    wrong = _point_results(session, library, asked, house)
    talks = _discussions(session, library, seen)
    step(4)
    entry, mark = log_head(session)
    about = PackDescription(
        house.organisation, "" if asked.team is None else seen.name, asked.day, len(people), asked.at,
        asked.viewer.name, library.course.title, library.course.edition, library.version, entry, mark,
    )  # fmt: skip
    document = PackDocument(
        about, house.zone, people, held, extras, leaves, rules, taught, shown, wrong, talks, library,
    )  # fmt: skip
    files: dict[str, PackTable] = {
        "people.csv": tables.people_table(people),
        "completions.csv": tables.completions_table(held, names, asked.day),
        "extensions-and-leaves.csv": tables.extensions_and_leaves_table(extras, leaves, names),
        "policy.csv": tables.policy_table(rules),
        "content.csv": tables.content_table(taught),
        "changes.csv": tables.changes_table(shown),
        "wrong.csv": tables.results_table(wrong[0] if wrong else []),
        "talks.csv": tables.discussions_table(talks),
        "log.csv": tables.log_table(deeds, EVENT_KINDS),
    }
    read = {name: csv_bytes(rows) for name, rows in files.items()}
    return UnsignedPack(about, frozenset(names), {"evidence.pdf": typeset_pack(document), **read})


def sign_pack(made: UnsignedPack, hand: Signer) -> bytes:
    """The pack as a file, signed with that key."""
    assert_outside_unit_of_work("making a ZIP file")
    files = {"READ-ME.txt": readme(made.about, hand.key), **made.files}
    listed = build_manifest(made.about, files, hand.key)
    return zip_members({**files, MANIFEST: listed, SIGNATURE: hand.sign(listed)}, made.about.made_at)


def _report_view(session: Session, ledger: StatusCache, asked: PackRequest, house: IssuerContext) -> ReportView:
    """The report of that day. Raises LookupError for a team that was not there, or that the viewer may not see."""
    on = None if asked.day >= house.today else asked.day
    seen = build_report_view(
        session, ledger, asked.viewer, ReportFilter(asked.team, on=on), house.today, house.zone, house.organisation
    )
    if asked.team is not None and asked.team not in {team.id for team in seen.teams}:
        raise LookupError("There was no such team on that day.")
    return seen


def _policy_versions(session: Session, zone: str, day: date, at: datetime) -> list[PackPolicyVersion]:
    """The versions of the rule that were in force by that day, as they were known then, the oldest first."""
    usual = [one for one in renewal.policies(session, zone) if one.since <= day][:1]
    made = [one for one in reversed(renewal.policy_history(session)) if one.at <= at and one.policy.governs_from <= day]
    known: set[Policy] = {one.policy for one in made}
    begin = [
        PackPolicyVersion(one, one.governs_from, "What the course begins with", "") for one in usual if one not in known
    ]
    return begin + [
        PackPolicyVersion(one.policy, one.policy.recorded or one.policy.since, one.reason, one.author or "A command")
        for one in made
    ]


def _taught_points(library: Library) -> list[PackPoint]:
    """The learning points in the order of the briefing. Which facts stand beside them is as it is today."""
    facts = newer_facts_by_point(library)
    return [
        PackPoint(
            point,
            tuple(module.title for module in library.modules.values() if point.id in module.points),
            tuple(facts.get(point.id, ())),
        )
        for point in library.points.values()
    ]


def _point_results(
    session: Session, library: Library, asked: PackRequest, house: IssuerContext
) -> tuple[list[PackPointResult], date] | None:
    """What the group got wrong by then, and before which day was counted; None if it was too small to be told of."""
    group = WHOLE_ORGANISATION if asked.team is None else asked.team
    of = analytics.release_schedule_until(session, house.today, house.zone).of(group, asked.day)
    if of is None:
        return None
    tree = analytics.team_snapshot(session, of, house.zone)
    counted = answer_counts(session, tree.among(group), tree.before, tree.out)
    sheets = f"{house.address}/insight/" + ("everybody/talk" if group == WHOLE_ORGANISATION else f"team/{group}/talk")
    return [
        _point_result(row, sheets) for row in analytics.team_findings(session, library, counted, tree.parents, group)
    ], of[0]


def _discussions(session: Session, library: Library, seen: ReportView) -> list[PackDiscussion]:
    """The talks that the group, a team that is or was below it, or all of what it is part of had had by then, the newest
    first."""
    of = related_groups(WHOLE_ORGANISATION if seen.team is None else seen.team, parents_at(session, seen.at))
    return [
        PackDiscussion(
            one.held_on, seen.names.get(one.team, one.name), one.people,
            library.points[one.point].title if one.point in library.points else one.point, one.agreed, one.by,
        )
        for one in discussions_of_teams(every_talk(session, seen.at), of)
        if one.held_on <= seen.on
    ]  # fmt: skip


def _point_result(row: analytics.TeamFinding, sheets: str) -> PackPointResult:
    found = row.finding
    words = ""
    if row.wrong and row.question:
        stem, text, reason = (strip_markup(part.html) for part in (row.question.stem, row.wrong.text, row.wrong.reason))
        words = f"To {quote_text(stem)}: {quote_text(text)} {reason}"
    return PackPointResult(
        row.point.id, row.point.title, row.point.safety_critical, found.people, found.share.n, found.share.right,
        found.share.low, found.share.high, found.sure_and_wrong, words, f"{sheets}/{row.point.id}",
    )  # fmt: skip
