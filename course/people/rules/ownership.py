"""Which facts about a person another system owns: they are changed there, and nobody changes them by hand here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from course.translation import lazy_gettext as _

# What can be owned of a person: fields of the identity, when they work here, and single teams, roles and the pathway.
IDENTITY_FIELDS = ("name", "email", "staff_number", "sign_in_name", "job_role")
OWNABLE_FIELDS = (*IDENTITY_FIELDS, "stay", "team", "manager", "pathway")
# What pages call them.
FIELD_LABELS = {
    "name": _("name"),
    "email": _("e-mail address"),
    "staff_number": _("staff number"),
    "sign_in_name": _("sign-in name"),
    "job_role": _("job role"),
    "stay": _("when they work here"),
    "pathway": _("pathway"),
}


@dataclass(frozen=True)
class OwnedFields:
    """What of one person another system owns, each with the name of that system: `fields` by name, `teams` and `managed`
    by the id of the team in which, or as the manager of which, it has placed the person."""

    fields: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    managed: Mapping[int, str] = field(default_factory=dict)

    def first_owned(self, changed: Collection[str]) -> tuple[str, str] | None:
        """Of these fields the first that is owned, and by which system; None if none is."""
        return next(((name, self.fields[name]) for name in changed if name in self.fields), None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What pages call the fields that are owned, in the order of FIELD_LABELS."""
        return tuple(words for name, words in FIELD_LABELS.items() if name in self.fields)

    @property
    def source(self) -> str | None:
        """The system that owns anything of the person; None if there is none."""
        return next(iter((*self.fields.values(), *self.teams.values(), *self.managed.values())), None)


def owned_elsewhere(source: str) -> str:
    """What somebody is told who would change by hand what this system owns."""
    return _("This comes from %(source)s. Change it there.", source=source)
