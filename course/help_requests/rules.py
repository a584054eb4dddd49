"""The choice of recipients for a request for help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.mail.rules import MailMessage
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class HelpRecipient:
    """A recipient: a manager of the learner (`is_manager`) or, where there is none, an administrator."""

    id: int
    name: str
    email: str
    is_manager: bool


@dataclass(frozen=True)
class HelpRequestMessage(MailMessage):
    """Tells `name`, a manager of the learner or an administrator, that the learner asks for help, and nothing else."""

    template = "help"
    label = _("Request for help")
    name: str
    learner: str
    manager: bool
    organisation: str


def choose_recipients(
    person_id: int,
    teams: Iterable[int],
    parents: Mapping[int, int | None],
    managers: Mapping[int, Sequence[HelpRecipient]],
    administrators: Sequence[HelpRecipient],
) -> tuple[HelpRecipient, ...]:
    """The managers who are nearest to a learner, otherwise the administrators; never the learner.

    For each team of the learner these are the managers of the team or, if it has none besides the learner, of the next
    team above it that has.
    """
    recipients: dict[int, HelpRecipient] = {}
    for team in teams:
        current: int | None = team
        # The team tree has no cycles; if it had one, the loop would end all the same.
        visited: set[int] = set()
        while current is not None and current not in visited:
            visited.add(current)
            others = [manager for manager in managers.get(current, ()) if manager.id != person_id]
            if others:
                recipients |= {manager.id: manager for manager in others}
                break
            current = parents.get(current)
    return tuple(recipients.values()) or tuple(person for person in administrators if person.id != person_id)
