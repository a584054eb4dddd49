"""The CSV tables of a pack: rows of plain values, headings first. Days are written as 2026-03-01."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from course.content.schema import SECTIONS, SETTINGS, LearningPoint, Source
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED
from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.policy import Policy, describe_policy
from course.reports.rules import StatusLine

PackTable = list[list[object]]
PERSON_COLUMNS = ["Person", "E-mail"]
COMPLETION_KINDS = {
    "initial": "The whole course",
    "refresher": "A refresher",
    "update": "An update after a change",
    "brought": "A certificate from elsewhere",
}
# What each status group of the report means, for a reader who has never seen the report.
STATUS_MEANINGS = {
    "overdue": "They had to complete the course or a refresher by an earlier day, and had not.",
    "due-soon": "The day by which they had to act was near, and had not passed.",
    "in-progress": "They had begun, and their day had not come.",
    "not-started": "They held no valid certificate, had time left, and had not begun.",
    "up-to-date": "Nothing was to be done yet. What they had completed still counted.",
    "paused": "They were on a long leave. Nothing is asked of them until they are back.",
    "not-required": "Nothing was asked of them on that day.",
}
NO_AUTHORITY = "Undated, second-hand or not seen: no authority"
CONTENT_KINDS = {
    "page": "Page",
    "question": "Question",
    "scenario": "Story",
    "change": "Marked change",
}


@dataclass(frozen=True)
class PersonRow:
    """What a pack says about a person beside the report: the staff number and the job role (empty if there is none), and
    the roles in the course beside that of a learner, as they were on the day."""

    staff_number: str = ""
    roles: tuple[str, ...] = ()
    job_role: str = ""


@dataclass(frozen=True)
class PackPerson:
    """A line of the completion report, with texts for display.

    `team_paths` are the teams with those above them. `completion` is the newest that counted on the day, if any.
    """

    line: StatusLine
    teams: str
    pathway: str
    progress: str
    details: PersonRow = PersonRow()
    team_paths: tuple[str, ...] = ()
    completion: PackCompletion | None = None

    @property
    def required(self) -> bool:
        """Whether they had to hold a certificate on the day, as the report counts them."""
        return self.line.state not in (NOT_REQUIRED, PAUSED)


@dataclass(frozen=True)
class PackCompletion:
    """Something that a person completed.

    `kind` is a key of COMPLETION_KINDS; `number` is the number of the certificate, or the issuer of an external one.
    `change` says what became of the certificate, if anything, on the day `changed_on`. `is_too_old`: by the rule it does not
    count, because it was too old when it was recorded.
    """

    person_id: int
    kind: str
    day: date
    number: str
    valid_until: date | None
    edition: str
    version: str
    change: str
    changed_on: date | None
    supervised_on: date | None = None
    is_too_old: bool = False

    def status_on(self, on: date) -> str:
        """The status of the certificate on a day."""
        if self.change:
            return self.change.capitalize()
        if self.is_too_old:
            return "Too old to count"
        if self.valid_until is None:
            return "No last day" if self.kind == "brought" else "No certificate"
        return "Valid" if on <= self.valid_until else "Ran out"


@dataclass(frozen=True)
class PackExtension:
    """An extension that was granted to a person."""

    person_id: int
    recorded: date
    until: date
    reason: str
    granted_by: str
    withdrawn: date | None


@dataclass(frozen=True)
class PackLeave:
    """A long leave; `until` is None if its end was not known."""

    person_id: int
    recorded: date
    since: date
    until: date | None


@dataclass(frozen=True)
class PackPolicyVersion:
    """A version of the recertification policy, with author and reason."""

    policy: Policy
    recorded: date
    reason: str
    made_by: str

    @property
    def audience(self) -> str:
        pathway = self.policy.pathway
        return SETTINGS.get(pathway, pathway) if pathway else "Everyone"  # type: ignore[call-overload]


@dataclass(frozen=True)
class PackPoint:
    """A learning point, the modules that teach it, and the newer facts on their pages."""

    point: LearningPoint
    modules: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class PackContentVersion:
    """A part of the course that was put in force on a day. `reason` only for a marked change."""

    day: date
    kind: str
    ref: str
    version: str
    reason: str


@dataclass(frozen=True)
class PackPointResult:
    """The answers of a group about a learning point.

    `misconception` is the wrong answer chosen most, with the reason why it is wrong; `discussion_url` the address of
    the discussion sheet. Both may be empty. `confident_errors` is the number of wrong answers given with confidence.
    """

    point: str
    title: str
    critical: bool
    people: int
    answers: int
    correct: int
    low: float
    high: float
    confident_errors: int
    misconception: str
    discussion_url: str


@dataclass(frozen=True)
class PackDiscussion:
    """A ten-minute discussion of `team` (its id is `team_id`) about a learning point, and what was agreed, as recorded by
    `recorded_by`."""

    team_id: int
    day: date
    team: str
    people: int
    title: str
    agreed: str
    recorded_by: str


def completed_count(completions: Iterable[PackCompletion]) -> int:
    """How often somebody completed something: a certificate that was issued again is of the same completion."""
    return sum(completion.change != "replaced" for completion in completions)


def newest_completions(
    completions: Iterable[PackCompletion], last_days: Mapping[int, date | None] | None = None
) -> dict[int, PackCompletion]:
    """For each person the completion that counted last: that of the certificate that runs longest, and of two of them the
    later one. One whose certificate was replaced, revoked or withdrawn does not count.

    `last_days` are the last valid days that the report gives. With them it is the completion that the report names (see
    `certificate_until`): of a certificate that states this day, else of one that states none, whose day was worked out,
    else the newest.
    """
    newest: dict[int, PackCompletion] = {}
    for completion in completions:
        if completion.change or (last_days is not None and last_days.get(completion.person_id) is None):
            continue
        earlier = newest.get(completion.person_id)
        if earlier is None or _counting_order(earlier, last_days) <= _counting_order(completion, last_days):
            newest[completion.person_id] = completion
    return newest


def _counting_order(completion: PackCompletion, last_days: Mapping[int, date | None] | None) -> tuple[object, ...]:
    if last_days is None:
        return completion.valid_until or date.min, completion.day
    is_brought = completion.kind == "brought"
    is_worked_out = is_brought and completion.valid_until is None
    is_certificate = is_brought or bool(completion.number)
    states_day = completion.valid_until == last_days.get(completion.person_id)
    return states_day, is_worked_out, is_certificate, completion.day


def people_table(people: Iterable[PackPerson]) -> PackTable:
    headings: list[object] = [
        *PERSON_COLUMNS, "Staff number", "Team", "Team with those above it", "Job role", "Pathway",
        "Role in the course", "First day here", "Required", "Valid certificate", "Status code", "Status", "In words", "Due",
        "Days overdue", "Completed on", "Certificate", "In a supervised session on",
        "Certificate valid until", "Progress",
    ]  # fmt: skip
    return [headings] + [
        [
            person.line.name, person.line.email, person.details.staff_number, person.teams, "; ".join(person.team_paths),
            person.details.job_role, person.pathway, ", ".join(person.details.roles) or "Learner", person.line.employment_start,
            _yes_or_no(person.required), _yes_or_no(person.line.has_valid_certificate), person.line.group,
            STATUS_GROUPS[person.line.group], person.line.label, person.line.due, person.line.overdue_days or "",
            person.completion and person.completion.day, certificate_text(person.completion),
            person.completion and person.completion.supervised_on, person.line.valid_until,
            person.progress,
        ]
        for person in people
    ]  # fmt: skip


def certificate_text(completion: PackCompletion | None) -> str:
    """The number of the certificate of a completion, or who issued one from elsewhere; empty if there is none."""
    if completion is None or completion.kind != "brought":
        return completion.number if completion else ""
    return f"From elsewhere: {completion.number}"


def _yes_or_no(fact: bool) -> str:
    return "Yes" if fact else "No"


LinesById = Mapping[int, StatusLine]  # the report lines of the people in a pack, by person id


def _person_cells(lines: LinesById, person_id: int) -> list[object]:
    return [lines[person_id].name, lines[person_id].email]


def completions_table(completions: Iterable[PackCompletion], lines: LinesById, on: date) -> PackTable:
    headings: list[object] = [
        *PERSON_COLUMNS, "Completed", "On", "Certificate", "Valid until", "On the day of the pack", "Changed on", "Edition",
        "Content version",
    ]  # fmt: skip
    return [headings] + [
        [*_person_cells(lines, completion.person_id), COMPLETION_KINDS.get(completion.kind, completion.kind),
         completion.day, completion.number, completion.valid_until,
         completion.status_on(on), completion.changed_on, completion.edition, completion.version]
        for completion in completions
    ]  # fmt: skip


def extensions_and_leaves_table(
    extensions: Iterable[PackExtension], leaves: Iterable[PackLeave], lines: LinesById
) -> PackTable:
    headings: list[object] = [*PERSON_COLUMNS, "What", "Recorded", "From", "Until", "Reason", "By", "Taken back"]
    return [
        headings,
        *([*_person_cells(lines, row.person_id), "Extension", row.recorded, "", row.until, row.reason,
            row.granted_by, row.withdrawn]
          for row in extensions),
        *([*_person_cells(lines, row.person_id), "Leave", row.recorded, row.since, row.until, "", "", ""] for row in leaves),
    ]  # fmt: skip


def policy_table(versions: Iterable[PackPolicyVersion]) -> PackTable:
    headings: list[object] = ["In force from", "Recorded", "For", "The rule", "Reason", "By"]
    return [headings] + [
        [
            version.policy.governs_from,
            version.recorded,
            version.audience,
            describe_policy(version.policy),
            version.reason,
            version.made_by,
        ]
        for version in versions
    ]


def content_table(points: Iterable[PackPoint], source_kinds: Mapping[str, str]) -> PackTable:
    """A row for each learning point and each newer fact about it, with the kind of its source: those that `source_kinds`
    does not have are marked as no authority."""
    rows: PackTable = [
        ["Learning point", "Title", "Section of the briefing", "Lines", "Keeps children safe", "Modules",
         "Newer fact", "Kind", "Publisher", "Of", "State", "Checked", "Address"],
    ]  # fmt: skip
    for entry in points:
        point = entry.point
        point_cells: list[object] = [
            point.id, point.title, SECTIONS.get(point.section, point.section), point.lines,
            _yes_or_no(point.safety_critical), ", ".join(entry.modules),
        ]  # fmt: skip
        rows += [
            [
                *point_cells,
                source.title,
                source_kinds.get(source.id, NO_AUTHORITY),
                source.publisher,
                source.date,
                source.status,
                source.checked,
                source.address,
            ]
            for source in entry.sources
        ] or [[*point_cells, "", "", "", "", "", "", ""]]
    return rows


def changes_table(versions: Iterable[PackContentVersion]) -> PackTable:
    headings: list[object] = ["In force from", "What", "Part", "Version", "Why"]
    return [headings] + [
        [version.day, CONTENT_KINDS.get(version.kind, version.kind), version.ref, version.version, version.reason]
        for version in versions
    ]


def results_table(results: Sequence[PackPointResult]) -> PackTable:
    headings: list[object] = [
        "Learning point", "Title", "Keeps children safe", "People", "First answers", "Right", "Share right (%)",
        "Likely from (%)", "Likely to (%)", "Sure, but wrong", "The wrong answer chosen most", "Discussion sheet",
    ]  # fmt: skip
    return [headings] + [
        [result.point, result.title, _yes_or_no(result.critical), result.people, result.answers, result.correct,
         as_percent(result.correct / result.answers), as_percent(result.low), as_percent(result.high),
         result.confident_errors, result.misconception, result.discussion_url]
        for result in results
    ]  # fmt: skip


def discussions_table(discussions: Iterable[PackDiscussion]) -> PackTable:
    headings: list[object] = ["Held on", "Team", "People", "Learning point", "What was agreed", "Written down by"]
    return [headings] + [
        [
            discussion.day,
            discussion.team,
            discussion.people,
            discussion.title,
            discussion.agreed,
            discussion.recorded_by,
        ]
        for discussion in discussions
    ]


def as_percent(share: float) -> int:
    return round(100 * share)


def log_table(event_counts: Mapping[str, int], kinds: Mapping[str, str]) -> PackTable:
    """The number of audit events by kind. `kinds` gives the display name for the part of a kind before its point."""
    headings: list[object] = ["About", "Deed", "Entries"]
    return [headings] + [
        [kinds.get(event.partition(".")[0], event), event, count] for event, count in sorted(event_counts.items())
    ]


def changes_by_day(versions: Sequence[PackContentVersion]) -> list[tuple[date, dict[str, int]]]:
    """The days on which parts of the course were put in force, each with the number of parts by kind, oldest first."""
    counts_by_day: dict[date, dict[str, int]] = {}
    for version in versions:
        counts = counts_by_day.setdefault(version.day, {})
        counts[version.kind] = counts.get(version.kind, 0) + 1
    return sorted(counts_by_day.items())
