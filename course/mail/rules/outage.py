"""Why no mail leaves at all, in words for administrators: what is wrong with the mail server, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from course.translation import lazy_gettext as _

# What keeps all mail from leaving. `turned-away`: the server answers, and accepts nothing. `stopped`: nobody sends.
FaultReason = Literal[
    "name", "refused", "network", "silent", "cut", "certificate", "tls", "no-tls", "login", "no-login", "greeting",
    "busy", "turned-away", "unknown", "stopped",
]  # fmt: skip
# For each reason what is wrong with the server {server}, and what to do.
FAULT_TEXTS: dict[FaultReason, tuple[str, str]] = {
    "name": (
        "the mail server {server} cannot be found, because its name is not known",
        _("Check the name in MAIL_URL, and whether the server on which the course runs can look up names (DNS)."),
    ),
    "refused": (
        "the mail server {server} cannot be reached, because nothing answers there",
        _("Check whether the mail server is running, the port in MAIL_URL, and whether a firewall blocks it."),
    ),
    "network": (
        "the mail server {server} cannot be reached through the network",
        _("Check the network connection of the server on which the course runs, and its firewall."),
    ),
    "silent": (
        "the mail server {server} does not answer in time",
        _("Check whether the mail server is overloaded, the port in MAIL_URL, and whether a firewall drops connections."),
    ),
    "cut": (
        "the mail server {server} ends the connection before a mail is accepted",
        _("Ask the person who runs the mail server. Its log says why."),
    ),
    "certificate": (
        "the certificate of the mail server {server} cannot be trusted",
        _("Check whether it has expired, and whether MAIL_URL has the name that the certificate is made out to."),
    ),
    "tls": (
        "no encrypted connection to the mail server {server} can be made",
        _("Check MAIL_URL: smtps:// usually goes with port 465, and smtp:// with port 587."),
    ),
    "no-tls": (
        "the mail server {server} offers no encrypted connection, so the password was not sent to it",
        _("Use a port that offers encryption (usually 587 or 465), or take the password out of MAIL_URL."),
    ),
    "login": (
        "the mail server {server} does not accept the user name and password",
        _("Check both in MAIL_URL. The password may have been changed or have expired."),
    ),
    "no-login": (
        "the mail server {server} does not let anyone sign in on this port",
        _("Use another port (usually 587), or take the user name and password out of MAIL_URL."),
    ),
    "greeting": (
        "the mail server {server} does not let this server talk to it",
        _("Ask the person who runs the mail server to accept mail from the server on which the course runs."),
    ),
    "busy": (
        "the mail server {server} is busy or closed for the moment",
        _("If it goes on for more than an hour, ask the person who runs the mail server."),
    ),
    "turned-away": (
        "the mail server {server} answers, and accepts no mail",
        _("Read its answer below. Often the sender's address (MAIL_FROM) is not allowed, or the server does not know that "
        "the course may send through it."),
    ),
    "unknown": (
        "mail cannot be handed to the mail server {server}",
        _("Look into the log of the course."),
    ),
    "stopped": (
        "no process is sending",
        _("Is the server running with flask serve, or a worker with flask worker?"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ServerFault:
    """Why a mail server took nothing: the reason, and its own words (or the system's), without anybody's address."""

    reason: FaultReason
    detail: str

    def words(self, server: str) -> str:
        """A sentence for whoever looks at one mail."""
        said = FAULT_TEXTS[self.reason][0].format(server=server)
        return f"{said[0].upper()}{said[1:]} ({self.detail})." if self.detail else f"{said[0].upper()}{said[1:]}."


@dataclass(frozen=True)
class DeliveryProblem:
    """What administrators are told: mail has not left since `since`, why, what to do, and how many mails wait.

    `next_look` is when the sender looks again by itself, `detail` are the words of the server.
    """

    since: datetime
    reason: FaultReason
    server: str
    detail: str
    waiting: int
    next_look: datetime | None

    @property
    def why(self) -> str:
        """What is wrong, as the end of a sentence."""
        return FAULT_TEXTS[self.reason][0].format(server=self.server)

    @property
    def to_do(self) -> str:
        """What to do about it."""
        return FAULT_TEXTS[self.reason][1]


def too_many_dead_addresses(dead: int, accepted: int) -> bool:
    """Whether so many addresses are said not to exist that the server is more likely to be wrong than all of them.

    `dead` addresses were said not to exist within a day, in which mail to `accepted` others was accepted.
    """
    return dead > 3 and dead * 5 > dead + accepted
