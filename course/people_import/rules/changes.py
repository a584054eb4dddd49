"""The changes of a row to one person, as names and as descriptions."""

from __future__ import annotations

from datetime import date, timedelta

from course.content.schema import SETTINGS
from course.people_import.rules.matching import ImportCertificate, KnownPerson, RowData
from course.people_import.rules.rows import RefusedRowError as RefusedRowError
from course.people_import.rules.team_paths import TeamPaths, TeamPlace
from course.text import normalise_line
from course.translation import lazy_gettext as _

LATEST_DEPARTURE = timedelta(days=366)  # a last day further away is not recorded beforehand


def describe_new_person(row_data: RowData, team_paths: TeamPaths) -> list[str]:
    """The description of a person who is added. Raises RefusedRowError if a required value is missing."""
    if row_data.name is None:
        raise RefusedRowError(_("The name is missing."))
    if row_data.manager and not row_data.managed:
        raise RefusedRowError(_("A manager needs a team."))
    notes = []
    if not row_data.email:
        login = row_data.sign_in_name or row_data.staff_number
        notes.append(_("No e-mail address: signs in as %(login)s, with a one-time code from you.", login=login))
    if row_data.job_role is not None:
        notes.append(_("Job role: %(role)s.", role=row_data.job_role))
    for path in row_data.teams:
        team = team_paths.words(team_paths.find(path))
        notes.append(
            _("Manager of: %(team)s.", team=team) if path in row_data.managed else _("Team: %(team)s.", team=team)
        )
    if row_data.pathway is not None:
        notes.append(_("Pathway: %(pathway)s.", pathway=_pathway_text(row_data.pathway)))
    if row_data.start is not None:
        # How a day such as 1/2/27 was read is seen before it decides when the training is due.
        notes.append(_("First day: %(day)s.", day=row_data.start))
    return [*notes, *map(_certificate_text, row_data.certificates)]


def describe_changes(row_data: RowData, person: KnownPerson, team_paths: TeamPaths) -> tuple[set[str], list[str]]:
    """The names and the descriptions of the changes of a row to a known person. Raises RefusedRowError for a manager without a
    team."""
    changes, notes = set(), []
    given = (
        ("name", row_data.name), ("email", row_data.email or None), ("staff_number", row_data.staff_number),
        ("sign_in_name", row_data.sign_in_name), ("job_role", row_data.job_role),
    )  # fmt: skip
    for what, new in given:
        old = getattr(person, what)
        if new is not None and new != normalise_line(old or ""):
            changes.add("correct")
            notes.append(_correction_text(what, old or _("none"), new))
    found: list[TeamPlace] = [team_paths.find(path) for path in row_data.teams]
    if any(place not in person.teams for place in found):
        changes.add("team")
        before = ", ".join(sorted(team_paths.words(one) for one in person.teams)) or _("none")
        notes.append(_("Team: %(before)s → %(team)s.", before=before, team=", ".join(map(team_paths.words, found))))
    managed = [place for place in map(team_paths.find, row_data.managed) if place not in person.manages]
    if managed:
        changes.add("manager")
        notes += [_("Becomes manager of %(team)s.", team=team_paths.words(place)) for place in managed]
    if row_data.manager and not row_data.managed and not person.manages:
        raise RefusedRowError(_("A manager needs a team."))
    if row_data.pathway is not None and row_data.pathway != person.pathway:
        changes.add("pathway")
        before = _pathway_text(person.pathway) if person.pathway else _("the usual one")
        notes.append(_("Pathway: %(before)s → %(pathway)s.", before=before, pathway=_pathway_text(row_data.pathway)))
    certificates = [one for one in row_data.certificates if one.day not in person.certificates]
    if certificates:
        changes.add("certificate")
        notes += map(_certificate_text, certificates)
    return changes, notes


def _correction_text(what: str, old: str, new: str) -> str:
    if what == "name":
        return _("Name: %(old)s → %(new)s.", old=old, new=new)
    if what == "email":
        return _("Address: %(old)s → %(new)s.", old=old, new=new)
    if what == "sign_in_name":
        return _("Sign-in name: %(old)s → %(new)s.", old=old, new=new)
    if what == "job_role":
        return _("Job role: %(old)s → %(new)s.", old=old, new=new)
    return _("Staff number: %(old)s → %(new)s.", old=old, new=new)


def _pathway_text(pathway: str) -> str:
    return {str(key): words for key, words in SETTINGS.items()}.get(pathway, pathway)


def _certificate_text(one: ImportCertificate) -> str:
    if one.valid_until:
        return _(
            "Earlier certificate of %(day)s, valid until %(until)s (%(issuer)s).",
            day=one.day,
            until=one.valid_until,
            issuer=one.issuer,
        )
    return _("Earlier certificate of %(day)s (%(issuer)s).", day=one.day, issuer=one.issuer)


def later_departure(leaving: date | None, person: KnownPerson | None, today: date) -> tuple[bool, tuple[str, ...]]:
    """Whether a last day is to be recorded beforehand, and what is said about it."""
    if leaving is None or leaving <= today or (person is not None and person.last_day == leaving):
        return False, ()
    if leaving > today + LATEST_DEPARTURE:
        words = _("The last day, %(day)s, is more than a year away. Nothing is recorded about it yet.", day=leaving)
        return False, (words,)
    if person is not None and leaving < person.start:
        return False, (_("The last day is before %(day)s, when %(name)s started.", day=person.start, name=person.name),)
    return True, (_("Last day: %(day)s. Until then nothing changes for them.", day=leaving),)


def refuse_leaving_without_day(row_data: RowData, person: KnownPerson) -> None:
    """Raises RefusedRowError if the list says that somebody has left, and not on which day."""
    if row_data.leaving is None:
        raise RefusedRowError(
            _(
                "The list says that %(name)s has left, but not on which day. Add the last day to the list, or record it on "
                "their page.",
                name=person.name,
            )
        )


def refuse_leaving_with_role(person: KnownPerson) -> None:
    """Raises RefusedRowError for somebody with a role that only an administrator removes."""
    if person.administrator:
        raise RefusedRowError(
            _("%(name)s is an administrator. Remove that role on their page first.", name=person.name)
        )
    if person.auditor:
        raise RefusedRowError(_("%(name)s is an auditor. Remove that role on their page first.", name=person.name))


def refuse_other_address(row_data: RowData, person: KnownPerson) -> None:
    """Raises RefusedRowError for another address of an administrator or auditor: HR imports lists as well, and whoever can
    change the address of somebody can sign in with it."""
    if (person.administrator or person.auditor) and row_data.email not in ("", person.email):
        raise RefusedRowError(
            _(
                "A list cannot change the e-mail address of %(name)s, who is an administrator or auditor. "
                "An administrator can do it on their page.",
                name=person.name,
            )
        )
