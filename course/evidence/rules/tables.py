"""The tables of a pack: rows of plain values, the headings first. Days are written as 2026-03-01."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from course.content.schema import SECTIONS, SETTINGS, LearningPoint, Source
from course.recertification.rules.certification_status import NOT_REQUIRED
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
# What each group of the report means to somebody who has never seen it.
STATUS_MEANINGS = {
    "overdue": "They had to complete the course or a refresher by an earlier day, and had not.",
    "due-soon": "The day by which they had to act was near, and had not passed.",
    "in-progress": "They had begun, and their day had not come.",
    "not-started": "They held no valid certificate, had time left, and had not begun.",
    "up-to-date": "Nothing was to be done yet. What they had completed still counted.",
    "paused": "They were on a long leave. Nothing is asked of them until they are back.",
    "not-required": "Nothing was asked of them on that day.",
}
CONTENT_KINDS = {
    "page": "Page",
    "question": "Question",
    "scenario": "Story",
    "change": "Marked change",
}


@dataclass(frozen=True)
class PackPerson:
    """A line of the report in words."""

    line: StatusLine
    teams: str
    pathway: str
    progress: str

    @property
    def required(self) -> bool:
        return self.line.state != NOT_REQUIRED


@dataclass(frozen=True)
class PackCompletion:
    """Something that a person completed: `kind` is one of COURSES, `number` that of the certificate, or whose it is.
    `change` says what became of the certificate, if anything did, on the day `changed`."""

    person: int
    kind: str
    day: date
    number: str
    valid_until: date | None
    edition: str
    version: str
    change: str
    changed: date | None

    def words(self, on: date) -> str:
        """How the certificate stood on that day."""
        if self.change:
            return self.change.capitalize()
        if self.valid_until is None:
            return "No last day" if self.kind == "brought" else "No certificate"
        return "Valid" if on <= self.valid_until else "Ran out"


@dataclass(frozen=True)
class PackExtension:
    """Time that somebody was given."""

    person: int
    recorded: date
    until: date
    reason: str
    by: str
    withdrawn: date | None


@dataclass(frozen=True)
class PackLeave:
    """A long leave; without `until` its end was not known."""

    person: int
    recorded: date
    since: date
    until: date | None


@dataclass(frozen=True)
class PackPolicyVersion:
    """A version of the rule of renewal, with who made it and why."""

    policy: Policy
    recorded: date
    reason: str
    by: str

    @property
    def whom(self) -> str:
        pathway = self.policy.pathway
        return SETTINGS.get(pathway, pathway) if pathway else "Everybody"  # type: ignore[call-overload]


@dataclass(frozen=True)
class PackPoint:
    """A learning point, the modules that teach it, and the newer facts on their pages."""

    point: LearningPoint
    modules: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class PackContentVersion:
    """A part of the course that was put in force on a day; `why` only of a marked change."""

    day: date
    kind: str
    ref: str
    version: str
    why: str


@dataclass(frozen=True)
class PackPointResult:
    """What a group answers about a learning point; `misconception` is the wrong answer chosen most, with the reason
    why it is wrong, `sheet` the address of the discussion sheet. Both may be empty."""

    point: str
    title: str
    critical: bool
    people: int
    answers: int
    right: int
    low: float
    high: float
    sure: int
    misconception: str
    sheet: str


@dataclass(frozen=True)
class PackDiscussion:
    """A talk of ten minutes that `team` had about a learning point, and what was agreed, as `by` wrote it down."""

    day: date
    team: str
    people: int
    title: str
    agreed: str
    by: str


def people_table(every: Iterable[PackPerson]) -> PackTable:
    head: list[object] = [
        *PERSON_COLUMNS, "Team", "Pathway", "First day here", "Required", "Valid certificate", "Status", "In words", "Due",
        "Days overdue", "Certificate runs to", "Progress",
    ]  # fmt: skip
    return [head] + [
        [
            one.line.name, one.line.email, one.teams, one.pathway, one.line.employment_start, _yes_or_no(one.required),
            _yes_or_no(one.line.has_valid_certificate), STATUS_GROUPS[one.line.group], one.line.label, one.line.due,
            one.line.overdue_days or "", one.line.valid_until, one.progress,
        ]
        for one in every
    ]  # fmt: skip


def _yes_or_no(fact: bool) -> str:
    return "Yes" if fact else "No"


LinesById = Mapping[int, StatusLine]  # the people of a pack by id


def _person_cells(names: LinesById, person: int) -> list[object]:
    return [names[person].name, names[person].email]


def completions_table(held: Iterable[PackCompletion], names: LinesById, on: date) -> PackTable:
    head: list[object] = [
        *PERSON_COLUMNS, "Completed", "On", "Certificate", "Valid until", "On the day of the pack", "Changed on", "Edition",
        "Content version",
    ]  # fmt: skip
    return [head] + [
        [*_person_cells(names, one.person), COMPLETION_KINDS.get(one.kind, one.kind), one.day, one.number, one.valid_until,
         one.words(on), one.changed, one.edition, one.version]
        for one in held
    ]  # fmt: skip


def extensions_and_leaves_table(
    extras: Iterable[PackExtension], leaves: Iterable[PackLeave], names: LinesById
) -> PackTable:
    head: list[object] = [*PERSON_COLUMNS, "What", "Recorded", "From", "Until", "Reason", "By", "Taken back"]
    return [
        head,
        *([*_person_cells(names, one.person), "Extension", one.recorded, "", one.until, one.reason, one.by, one.withdrawn]
          for one in extras),
        *([*_person_cells(names, one.person), "Leave", one.recorded, one.since, one.until, "", "", ""] for one in leaves),
    ]  # fmt: skip


def policy_table(rules: Iterable[PackPolicyVersion]) -> PackTable:
    head: list[object] = ["In force from", "Recorded", "For", "The rule", "Reason", "By"]
    return [head] + [
        [one.policy.governs_from, one.recorded, one.whom, describe_policy(one.policy), one.reason, one.by]
        for one in rules
    ]


def content_table(taught: Iterable[PackPoint]) -> PackTable:
    """A line for each learning point and each newer fact beside it."""
    rows: PackTable = [
        ["Learning point", "Title", "Section of the briefing", "Lines", "Keeps children safe", "Modules",
         "Newer fact", "Publisher", "Of", "State", "Checked", "Address"],
    ]  # fmt: skip
    for one in taught:
        point = one.point
        first: list[object] = [
            point.id, point.title, SECTIONS.get(point.section, point.section), point.lines,
            _yes_or_no(point.safety_critical), ", ".join(one.modules),
        ]  # fmt: skip
        rows += [[*first, s.title, s.publisher, s.date, s.status, s.checked, s.address] for s in one.sources] or [
            [*first, "", "", "", "", "", ""]
        ]
    return rows


def changes_table(shown: Iterable[PackContentVersion]) -> PackTable:
    head: list[object] = ["In force from", "What", "Part", "Version", "Why"]
    return [head] + [[one.day, CONTENT_KINDS.get(one.kind, one.kind), one.ref, one.version, one.why] for one in shown]


def results_table(found: Sequence[PackPointResult]) -> PackTable:
    head: list[object] = [
        "Learning point", "Title", "Keeps children safe", "People", "First answers", "Right", "Share right (%)",
        "Likely from (%)", "Likely to (%)", "Sure, but wrong", "The wrong answer chosen most", "Discussion sheet",
    ]  # fmt: skip
    return [head] + [
        [one.point, one.title, _yes_or_no(one.critical), one.people, one.answers, one.right, as_percent(one.right / one.answers),
         as_percent(one.low), as_percent(one.high), one.sure, one.misconception, one.sheet]
        for one in found
    ]  # fmt: skip


def discussions_table(held: Iterable[PackDiscussion]) -> PackTable:
    head: list[object] = ["Held on", "Team", "People", "Learning point", "What was agreed", "Written down by"]
    return [head] + [[one.day, one.team, one.people, one.title, one.agreed, one.by] for one in held]


def as_percent(share: float) -> int:
    return round(100 * share)


def log_table(deeds: Mapping[str, int], kinds: Mapping[str, str]) -> PackTable:
    """`kinds` gives the words for the part of a deed's name before its point."""
    head: list[object] = ["About", "Deed", "Entries"]
    return [head] + [[kinds.get(what.partition(".")[0], what), what, count] for what, count in sorted(deeds.items())]


def changes_by_day(shown: Sequence[PackContentVersion]) -> list[tuple[date, dict[str, int]]]:
    """On which days something was put in force, and how many parts of each kind, the oldest first."""
    found: dict[date, dict[str, int]] = {}
    for one in shown:
        counts = found.setdefault(one.day, {})
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return sorted(found.items())
