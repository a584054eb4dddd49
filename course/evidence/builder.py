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
from course.credentials.actions import Hand
from course.db import assert_outside_unit_of_work
from course.evidence import queries
from course.evidence.pack_readme import readme
from course.evidence.pdf import Document, in_words, set_document
from course.evidence.rules import tables
from course.evidence.rules.pack import MANIFEST, SIGNATURE, STEPS, About, manifest, zipped
from course.evidence.rules.tables import Rule, Somebody, Table, Talked, Taught, Wrong
from course.exports.rules import Tell
from course.people.rules import Viewer
from course.recertification import queries as renewal
from course.recertification.rules.policy import Policy
from course.reports.report_view import ReportView, build_report_view, report_rows
from course.reports.rules import ReportFilter
from course.reports.status_cache import StatusCache
from course.teams.queries import parents_at
from course.web.spreadsheet import csv_bytes


@dataclass(frozen=True)
class Asked:
    """What pack is wanted: of a team and all below it (None: of everybody whom the viewer may see), as at the end of
    a day; `viewer` asks for it, at the moment `at`."""

    team: int | None
    day: date
    viewer: Viewer
    at: datetime


@dataclass(frozen=True)
class House:
    """Where a pack is made: the organisation's name, its calendar, the day there, and the address of the course."""

    organisation: str
    zone: str
    today: date
    address: str


@dataclass(frozen=True)
class Draft:
    """A pack that has still to be signed. `about` is as the manifest says it, `people` are the ids of those whom it
    names, `files` are its members."""

    about: About
    people: frozenset[int]
    files: dict[str, bytes]


def draft(session: Session, library: Library, ledger: StatusCache, asked: Asked, house: House, tell: Tell) -> Draft:
    """All that a pack says. It only reads, so nobody who writes has to wait for it."""

    def step(number: int) -> None:
        tell(STEPS[number], number, len(STEPS))

    step(0)
    seen = _sight(session, ledger, asked, house)
    people = [
        Somebody(one.line, one.teams, one.pathway, one.progress)
        for one in report_rows(session, library, seen, seen.report.lines)
    ]
    names = {one.line.id: one.line for one in people}
    step(1)
    held = queries.completions(session, names.keys(), seen.at, house.zone)
    extras = queries.extensions(session, names.keys(), seen.at)
    leaves = queries.leaves(session, names.keys(), seen.at)
    rules = _rules(session, house.zone, asked.day, seen.at)
    step(2)
    taught, shown = _taught(library), queries.shown(session, seen.at, house.zone)
    deeds = queries.deeds(session, names.keys(), seen.at)
    step(3)
    wrong = _wrong(session, library, asked, house)
    talks = _talks(session, library, seen)
    step(4)
    entry, mark = log_head(session)
    about = About(
        house.organisation, "" if asked.team is None else seen.name, asked.day, len(people), asked.at,
        asked.viewer.name, library.course.title, library.course.edition, library.version, entry, mark,
    )  # fmt: skip
    document = Document(
        about, house.zone, people, held, extras, leaves, rules, taught, shown, wrong, talks, library,
    )  # fmt: skip
    files: dict[str, Table] = {
        "people.csv": tables.people(people),
        "completions.csv": tables.completions(held, names, asked.day),
        "extensions-and-leaves.csv": tables.extensions_and_leaves(extras, leaves, names),
        "policy.csv": tables.policy(rules),
        "content.csv": tables.content(taught),
        "changes.csv": tables.changes(shown),
        "wrong.csv": tables.wrong(wrong[0] if wrong else []),
        "talks.csv": tables.talks(talks),
        "log.csv": tables.log(deeds, EVENT_KINDS),
    }
    read = {name: csv_bytes(rows) for name, rows in files.items()}
    return Draft(about, frozenset(names), {"evidence.pdf": set_document(document), **read})


def signed(made: Draft, hand: Hand) -> bytes:
    """The pack as a file, signed with that key."""
    assert_outside_unit_of_work("making a ZIP file")
    files = {"READ-ME.txt": readme(made.about, hand.key), **made.files}
    listed = manifest(made.about, files, hand.key)
    return zipped({**files, MANIFEST: listed, SIGNATURE: hand.sign(listed)}, made.about.made_at)


def _sight(session: Session, ledger: StatusCache, asked: Asked, house: House) -> ReportView:
    """The report of that day. Raises LookupError for a team that was not there, or that the viewer may not see."""
    on = None if asked.day >= house.today else asked.day
    seen = build_report_view(
        session, ledger, asked.viewer, ReportFilter(asked.team, on=on), house.today, house.zone, house.organisation
    )
    if asked.team is not None and asked.team not in {team.id for team in seen.teams}:
        raise LookupError("There was no such team on that day.")
    return seen


def _rules(session: Session, zone: str, day: date, at: datetime) -> list[Rule]:
    """The versions of the rule that were in force by that day, as they were known then, the oldest first."""
    usual = [one for one in renewal.policies(session, zone) if one.since <= day][:1]
    made = [one for one in reversed(renewal.policy_history(session)) if one.at <= at and one.policy.governs_from <= day]
    known: set[Policy] = {one.policy for one in made}
    begin = [Rule(one, one.governs_from, "What the course begins with", "") for one in usual if one not in known]
    return begin + [
        Rule(one.policy, one.policy.recorded or one.policy.since, one.reason, one.author or "A command") for one in made
    ]


def _taught(library: Library) -> list[Taught]:
    """The learning points in the order of the briefing. Which facts stand beside them is as it is today."""
    facts = newer_facts_by_point(library)
    return [
        Taught(
            point,
            tuple(module.title for module in library.modules.values() if point.id in module.points),
            tuple(facts.get(point.id, ())),
        )
        for point in library.points.values()
    ]


def _wrong(session: Session, library: Library, asked: Asked, house: House) -> tuple[list[Wrong], date] | None:
    """What the group got wrong by then, and before which day was counted; None if it was too small to be told of."""
    group = WHOLE_ORGANISATION if asked.team is None else asked.team
    of = analytics.release_schedule_until(session, house.today, house.zone).of(group, asked.day)
    if of is None:
        return None
    tree = analytics.team_snapshot(session, of, house.zone)
    counted = answer_counts(session, tree.among(group), tree.before, tree.out)
    sheets = f"{house.address}/insight/" + ("everybody/talk" if group == WHOLE_ORGANISATION else f"team/{group}/talk")
    return [
        _as_wrong(row, sheets) for row in analytics.team_findings(session, library, counted, tree.parents, group)
    ], of[0]


def _talks(session: Session, library: Library, seen: ReportView) -> list[Talked]:
    """The talks that the group, a team that is or was below it, or all of what it is part of had had by then, the newest
    first."""
    of = related_groups(WHOLE_ORGANISATION if seen.team is None else seen.team, parents_at(session, seen.at))
    return [
        Talked(
            one.held_on, seen.names.get(one.team, one.name), one.people,
            library.points[one.point].title if one.point in library.points else one.point, one.agreed, one.by,
        )
        for one in discussions_of_teams(every_talk(session, seen.at), of)
        if one.held_on <= seen.on
    ]  # fmt: skip


def _as_wrong(row: analytics.TeamFinding, sheets: str) -> Wrong:
    found = row.finding
    words = ""
    if row.wrong and row.question:
        stem, text, reason = (in_words(part.html) for part in (row.question.stem, row.wrong.text, row.wrong.reason))
        words = f"To {quote_text(stem)}: {quote_text(text)} {reason}"
    return Wrong(
        row.point.id, row.point.title, row.point.safety_critical, found.people, found.share.n, found.share.right,
        found.share.low, found.share.high, found.sure_and_wrong, words, f"{sheets}/{row.point.id}",
    )  # fmt: skip
