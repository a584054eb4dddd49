"""Building a pack: reading what was known on a day, and putting it into tables, a document and a manifest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.analytics import team_findings as analytics
from course.analytics.queries import team_discussions, team_figures_on
from course.analytics.rules.discussions import discussions_of_teams, related_groups
from course.analytics.rules.question_review import quote_text
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.audit.queries import log_head
from course.audit.rules import EVENT_KINDS
from course.content.library import Library
from course.content.review_report import newer_facts_by_point
from course.context import Context
from course.credentials.actions import Signer
from course.db import assert_outside_unit_of_work
from course.evidence import queries
from course.evidence.pack_readme import readme
from course.evidence.pdf import PackDocument, typeset_pack
from course.evidence.pdf_course import strip_markup
from course.evidence.rules import tables
from course.evidence.rules.frameworks import SOURCE_KINDS, frameworks_table
from course.evidence.rules.overdue import (
    OverduePersonActions,
    actions_about,
    actions_table,
    first_day_told,
    overdue_people,
)
from course.evidence.rules.pack import MANIFEST, SIGNATURE, STEPS, PackDescription, build_manifest, zip_members
from course.evidence.rules.responsible import responsible_table
from course.evidence.rules.tables import (
    PackCompletion,
    PackDiscussion,
    PackExtension,
    PackPerson,
    PackPoint,
    PackPointResult,
    PackPolicyVersion,
    PackTable,
    newest_completions,
)
from course.evidence.rules.teams import PackTeam, team_lines, team_path, teams_table
from course.exports.rules import StageCallback
from course.people.rules import Viewer
from course.recertification import queries as recertification
from course.recertification.rules.policy import Policy
from course.recertification.rules.validity_chain import TOO_OLD, cycles
from course.reports.report_view import ReportRow, ReportView, build_report_view, report_rows
from course.reports.rules import ReportFilter
from course.reports.status_cache import StatusCache
from course.teams.queries import parents_at
from course.teams.rules import team_subtree
from course.web.spreadsheet import csv_bytes


@dataclass(frozen=True)
class PackRequest:
    """A request for a pack: of a team and all teams below it (None: of everybody whom the viewer may see), as at the
    end of a day.

    `viewer` is the person who asks, `at` the moment of the request.
    """

    team: int | None
    day: date
    viewer: Viewer
    at: datetime


@dataclass(frozen=True)
class IssuerContext:
    """The circumstances in which a pack is made.

    `today` is today's date in `zone`, `lead_title` the title of the safeguarding lead, `nation` that of the organisation
    (None before the set-up), `check_url` the page that checks packs. `sheet_url` gives the URL of the discussion page of
    a group and a learning point.
    """

    organisation: str
    zone: str
    today: date
    sheet_url: Callable[[int, str], str]
    lead_title: str = "safeguarding lead"
    nation: str | None = None
    check_url: str = ""


@dataclass(frozen=True)
class UnsignedPack:
    """A pack that is not signed yet.

    `about` is the description in the manifest, `people` are the ids of the people whom the pack names, `files` its
    members, `check_url` the address of the page that checks packs.
    """

    about: PackDescription
    people: frozenset[int]
    files: dict[str, bytes]
    check_url: str


def build_pack(
    session: Session,
    library: Library,
    status_cache: StatusCache,
    request: PackRequest,
    issuer: IssuerContext,
    on_progress: StageCallback,
) -> UnsignedPack:
    """Build all files of a pack. Only reads, so that no writer has to wait."""

    def step(number: int) -> None:
        on_progress(STEPS[number], number, len(STEPS))

    step(0)
    report = _report_view(session, status_cache, request, issuer)
    listed = report_rows(session, library, report, report.report.lines)
    lines_by_id = {row.line.id: row.line for row in listed}
    step(1)
    completions = _completions(session, lines_by_id.keys(), report, issuer.zone)
    extensions = queries.extensions(session, lines_by_id.keys(), report.at)
    leaves = queries.leaves(session, lines_by_id.keys(), report.at)
    policies = _policy_versions(session, issuer.zone, request.day, report.at)
    teams = _teams(session, report, issuer.zone)
    people = _people(session, report, listed, teams, completions)
    discussions = _discussions(session, library, report)
    overdue = _overdue(session, report, people, extensions, issuer.zone, discussions)
    responsible = queries.responsible_people(session, report.at, report.on, issuer.zone, issuer.lead_title, report.team)
    step(2)
    points, versions = _taught_points(library), queries.content_versions(session, report.at, issuer.zone)
    event_counts = queries.count_events(session, lines_by_id.keys(), report.at)
    step(3)
    results = _point_results(session, library, request, issuer, report.at)
    step(4)
    audit_entry, audit_hash = log_head(session)
    about = PackDescription(
        issuer.organisation, "" if request.team is None else report.name, request.day, len(people), request.at,
        request.viewer.name, library.course.title, library.course.edition, library.version, audit_entry, audit_hash,
    )  # fmt: skip
    document = PackDocument(
        about, issuer.zone, people, team_lines(people, teams), responsible, overdue, completions, extensions, leaves,
        policies, points, versions, results, discussions, library, issuer.nation, issuer.check_url,
    )  # fmt: skip
    csv_files = {name: csv_bytes(rows) for name, rows in _tables(document, lines_by_id, event_counts).items()}
    return UnsignedPack(
        about, frozenset(lines_by_id), {"evidence.pdf": typeset_pack(document), **csv_files}, issuer.check_url
    )


def _tables(
    document: PackDocument, lines_by_id: tables.LinesById, event_counts: Mapping[str, int]
) -> dict[str, PackTable]:
    """The tables of a pack by the names of their files."""
    return {
        "teams.csv": teams_table(document.teams),
        "people.csv": tables.people_table(document.people),
        "overdue.csv": actions_table(document.overdue),
        "responsible.csv": responsible_table(document.responsible),
        "completions.csv": tables.completions_table(document.completions, lines_by_id, document.about.day),
        "extensions-and-leaves.csv": tables.extensions_and_leaves_table(
            document.extensions, document.leaves, lines_by_id
        ),
        "policy.csv": tables.policy_table(document.policies),
        "content.csv": tables.content_table(document.points, _source_kinds(document.library)),
        "frameworks.csv": frameworks_table(
            document.library.frameworks,
            document.library.sources,
            document.library.points,
            document.library.modules.values(),
        ),
        "changes.csv": tables.changes_table(document.content_versions),
        "wrong.csv": tables.results_table(document.point_results[0] if document.point_results else []),
        "talks.csv": tables.discussions_table(document.discussions),
        "log.csv": tables.log_table(event_counts, EVENT_KINDS),
    }


def _source_kinds(library: Library) -> dict[str, str]:
    """The kind of each source in words; a source that is missing may not be shown as an authority."""
    return {source_id: SOURCE_KINDS[kind] for kind, ids in library.source_kinds.by_kind().items() for source_id in ids}


def sign_pack(pack: UnsignedPack, signer: Signer) -> bytes:
    """The pack as a ZIP file, signed by `signer`."""
    assert_outside_unit_of_work("making a ZIP file")
    files = {"READ-ME.txt": readme(pack.about, signer.key, pack.check_url), **pack.files}
    manifest = build_manifest(pack.about, files, signer.key)
    return zip_members({**files, MANIFEST: manifest, SIGNATURE: signer.sign(manifest)}, pack.about.made_at)


def _report_view(
    session: Session, status_cache: StatusCache, request: PackRequest, issuer: IssuerContext
) -> ReportView:
    """The report of the requested day.

    Raises LookupError for a team that did not exist on that day, or that the viewer may not see.
    """
    past_day = None if request.day >= issuer.today else request.day
    context = Context(session, request.viewer.id or None, request.at, issuer.zone)
    report_filter = ReportFilter(request.team, on=past_day)
    view = build_report_view(context, status_cache, request.viewer, report_filter, issuer.organisation)
    if request.team is not None and request.team not in {team.id for team in view.teams}:
        raise LookupError("There was no such team on that day.")
    return view


def _teams(session: Session, view: ReportView, zone: str) -> list[PackTeam]:
    """The teams of the report as they were on the day, with those who managed them."""
    managers = queries.team_managers(session, view.at, view.on, zone)
    teams = [PackTeam(team.id, team.name, team.parent_id, managers.get(team.id, ())) for team in view.teams]
    if view.team is None:
        return teams
    inside = team_subtree(view.team, {team.id: team.parent_id for team in teams})
    return [team for team in teams if team.id in inside]


def _completions(session: Session, ids: Collection[int], view: ReportView, zone: str) -> list[PackCompletion]:
    """What the people of the report had completed, marked where the rule did not let it count on the day."""
    completions = queries.completions(session, ids, view.at, zone)
    brought = {one.person_id for one in completions if one.kind == "brought"}
    if not brought:
        return completions
    policies = recertification.policies(session, zone)
    wanted = brought if len(brought) <= queries.MAX_FILTERED_IDS else None
    too_old = {
        (person.id, cycle.completion.day, cycle.completion.valid_until)
        for person in recertification.people(session, zone, wanted)
        for cycle in cycles(person.facts, policies, view.on)
        if cycle.timing == TOO_OLD
    }
    return [
        replace(one, is_too_old=one.kind == "brought" and (one.person_id, one.day, one.valid_until) in too_old)
        for one in completions
    ]


def _people(
    session: Session, view: ReportView, listed: Sequence[ReportRow], teams: Sequence[PackTeam],
    completions: Sequence[PackCompletion],
) -> list[PackPerson]:  # fmt: skip
    """The people of the report, most urgent first."""
    details = queries.person_details(session, {row.line.id for row in listed}, view.at, view.on)
    newest = newest_completions(completions, {row.line.id: row.line.valid_until for row in listed})
    by_id = {team.id: team for team in teams}
    return [
        PackPerson(
            row.line, row.teams, row.pathway, row.progress, details[row.line.id],
            tuple(team_path(team, by_id) for team in row.line.teams if team in by_id), newest.get(row.line.id),
        )
        for row in listed
    ]  # fmt: skip


def _overdue(
    session: Session, view: ReportView, people: Sequence[PackPerson], extensions: Sequence[PackExtension], zone: str,
    discussions: Sequence[PackDiscussion],
) -> list[OverduePersonActions]:  # fmt: skip
    """What was done about each person who was overdue."""
    overdue = overdue_people(people)
    if not overdue:
        return []
    ids = {person.line.id for person in overdue}
    first = min(map(first_day_told, overdue))
    mails = queries.mails_about(session, ids, first, view.at, zone)
    told = queries.told_about(session, ids, first, view.at, zone)
    return actions_about(overdue, mails, extensions, discussions, parents_at(session, view.at), told)


def _policy_versions(session: Session, zone: str, day: date, at: datetime) -> list[PackPolicyVersion]:
    """The policy versions in force by that day, as known at the moment `at`, oldest first."""
    defaults = [version for version in recertification.policies(session, zone) if version.since <= day][:1]
    versions = [
        version
        for version in reversed(recertification.policy_history(session))
        if version.at <= at and version.policy.governs_from <= day
    ]
    names = queries.names_at(session, (version.author_id for version in versions), at)
    policies: set[Policy] = {version.policy for version in versions}
    initial = [
        PackPolicyVersion(version, version.governs_from, "What the course begins with", "")
        for version in defaults
        if version not in policies
    ]
    return initial + [
        PackPolicyVersion(
            version.policy,
            version.policy.recorded or version.policy.since,
            version.reason,
            names.get(version.author_id, "A command"),
        )
        for version in versions
    ]


def _taught_points(library: Library) -> list[PackPoint]:
    """The learning points in the order of the briefing. The facts are those of today: their history is not stored."""
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
    session: Session, library: Library, request: PackRequest, issuer: IssuerContext, known_at: datetime
) -> tuple[list[PackPointResult], date] | None:
    """The results of the group by learning point as they were known then, and the day before which answers were counted.

    None if the group is too small: disclosure control suppresses its results.
    """
    group = WHOLE_ORGANISATION if request.team is None else request.team
    published = team_figures_on(session, group, min(request.day, issuer.today), known_at)
    if published is None:
        return None
    monday, figures = published
    return [
        _point_result(row, issuer.sheet_url(group, row.point.id))
        for row in analytics.team_findings(session, library, figures.findings)
    ], monday


def _discussions(session: Session, library: Library, view: ReportView) -> list[PackDiscussion]:
    """The discussions that the group, a team below it, or a group that contains it had held by then, newest first."""
    group_ids = related_groups(WHOLE_ORGANISATION if view.team is None else view.team, parents_at(session, view.at))
    held = team_discussions(session, view.at)
    names = queries.names_at(session, (discussion.author_id for discussion in held), view.at)
    return [
        PackDiscussion(
            discussion.team, discussion.held_on, view.names.get(discussion.team, discussion.name), discussion.people,
            library.points[discussion.point].title if discussion.point in library.points else discussion.point,
            discussion.agreed, names.get(discussion.author_id, discussion.by),
        )
        for discussion in discussions_of_teams(held, group_ids)
        if discussion.held_on <= view.on
    ]  # fmt: skip


def _point_result(row: analytics.TeamFinding, sheet_url: str) -> PackPointResult:
    finding = row.finding
    misconception = ""
    if row.wrong and row.question:
        stem, text, reason = (strip_markup(part.html) for part in (row.question.stem, row.wrong.text, row.wrong.reason))
        misconception = f"To {quote_text(stem)}: {quote_text(text)} {reason}"
    return PackPointResult(
        row.point.id, row.point.title, row.point.safety_critical, finding.people, finding.share.n, finding.share.right,
        finding.share.low, finding.share.high, finding.sure_and_wrong, misconception, sheet_url,
    )  # fmt: skip
