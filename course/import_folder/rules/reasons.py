"""Why a list waits for a person instead of being applied, and the report beside a file.

Nobody looks at a list at night. So only a list is applied about which the page would not ask anything, and which is of the
same kind and size as the lists before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.people_import.rules.planning import LINE_KINDS, ImportPlan
from course.people_import.rules.questions import QUESTIONS
from course.translation import lazy_gettext as _
from course.translation import lazy_join, lazy_ngettext

NOT_MATCHED = _("No list with these columns has been applied yet. Say once what each column contains.")
LIST_REPLACED = _("A newer list from the import folder has taken the place of this one.")
# More than a tenth, and more than five: in a small organisation two leavers are many and mean nothing.
_MANY, _MANY_SHARE = 5, 0.1
_FEW_SHARE, _FEW_FROM = 0.5, 10
_MAX_NAMED = 5


@dataclass(frozen=True)
class TableFacts:
    """A list before it is compared with people: its headings, the number of its rows, and that of the newest list of the same
    kind (None: there is none)."""

    headings: Sequence[str]
    rows: int
    rows_before: int | None = None


@dataclass(frozen=True)
class PlanFacts:
    """What a list would do, and how many people work here."""

    plan: ImportPlan
    present: int


def table_reasons(facts: TableFacts, matched: Mapping[str, str] | None, unused: frozenset[str]) -> tuple[str, ...]:
    """Why a list cannot be compared with people by itself: `matched` gives for each field the heading of its column in the
    newest list of this kind that was applied (None: there is none), `unused` the headings that were left out in it."""
    if matched is None:
        return (NOT_MATCHED,)
    unknown = [heading for heading in facts.headings if heading not in unused and heading not in matched.values()]
    if unknown:
        return (
            lazy_ngettext(
                "This column is new, and no one has said what it contains: %(columns)s.",
                "These columns are new, and no one has said what they contain: %(columns)s.",
                len(unknown), columns=_named(unknown),
            ),
        )  # fmt: skip
    if facts.rows_before is not None and facts.rows_before >= _FEW_FROM and facts.rows < facts.rows_before * _FEW_SHARE:
        return (
            _(
                "The list has %(rows)s rows, and the one before it had %(before)s. Was it cut off?",
                rows=facts.rows,
                before=facts.rows_before,
            ),
        )
    return ()


def plan_reasons(facts: PlanFacts) -> tuple[str, ...]:
    """Why a list is not applied by itself, given what it would do: the page would ask something about it, or it would change
    more than a list of one night usually does."""
    plan, reasons = facts.plan, []
    asked = [line.question.kind for line in plan.lines if line.kind == "asked" and line.question is not None]
    if asked:
        titles = [QUESTIONS[kind].title for kind in QUESTIONS if kind in asked]
        reasons.append(
            lazy_ngettext(
                "%(num)s row has to be decided: %(titles)s.", "%(num)s rows have to be decided: %(titles)s.",
                len(asked), titles=lazy_join(titles, "; "),
            )
        )  # fmt: skip
    leavers = sum(line.kind == "left" for line in plan.lines)
    if _are_many(leavers, facts.present):
        reasons.append(
            _("%(leavers)s of %(present)s people would leave by this list.", leavers=leavers, present=facts.present)
        )
    if plan.new_teams:
        reasons.append(
            lazy_ngettext(
                "%(num)s team would be added: %(teams)s.", "%(num)s teams would be added: %(teams)s.",
                len(plan.new_teams), teams=_named([" > ".join(path) for path in plan.new_teams]),
            )
        )  # fmt: skip
    refused = sum(line.kind == "refused" for line in plan.lines)
    if _are_many(refused, len(plan.lines)):
        reasons.append(_("%(refused)s of %(rows)s rows are refused.", refused=refused, rows=len(plan.lines)))
    return tuple(reasons)


def _are_many(count: int, among: int) -> bool:
    return count > _MANY and count > among * _MANY_SHARE


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MAX_NAMED])
    more = len(names) - _MAX_NAMED
    return _("%(names)s and %(more)s more", names=shown, more=more) if more > 0 else shown


def file_report(name: str, outcome: str, plan: ImportPlan | None = None) -> str:
    """The text that is put beside a file: what became of it, and which rows were refused, and why."""
    lines = [name, "", str(outcome)]
    if plan is not None:
        lines += [
            "",
            *map(str, plan.notes),
            *(f"{words}: {sum(line.kind == kind for line in plan.lines)}" for kind, words in LINE_KINDS.items()),
        ]
        lines += [
            _(
                "Line %(number)s: %(what)s: %(who)s: %(why)s",
                number=line.number,
                what=LINE_KINDS[line.kind],
                who=line.who,
                why=" ".join(map(str, line.notes)),
            )
            for line in plan.lines
            if line.kind in ("refused", "asked")
        ]
    return "\n".join(map(str, lines)) + "\n"
