"""How an organisation words its mails: the name of the sender, and a sentence at the top."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr

from course.text import normalise_line
from course.translation import lazy_gettext as _

MAX_SENDER = 100  # characters
MAX_OPENING = 300
# A name with these could pass for an address, or end the header.
_NOT_IN_A_NAME = frozenset('<>@"\\,;:')


def sender_fault(typed: str) -> str | None:
    """What is wrong with the name of a sender as it was typed; None if it can be used. Empty means none of one's own."""
    if any(not sign.isprintable() for sign in typed.strip()):
        return _("Enter the name on one line, without line breaks or other control characters.")
    if len(normalise_line(typed)) > MAX_SENDER:
        return _("Shorten the name to %(number)s characters.", number=MAX_SENDER)
    if _NOT_IN_A_NAME & set(typed):
        return _(
            "Enter a name such as Riverside Trust Training. It cannot hold an address, a comma, a colon or quotation marks."
        )
    return None


def opening_fault(typed: str) -> str | None:
    """What is wrong with the sentence at the top of mails as it was typed; None if it can be used. Empty means none."""
    if any(not sign.isprintable() for sign in typed.strip()):
        return _("Enter the sentence on one line, without line breaks or other control characters.")
    if len(normalise_line(typed)) > MAX_OPENING:
        return _("Shorten the sentence to %(number)s characters.", number=MAX_OPENING)
    return None


def sender_header(mail_from: str, sender: str) -> str | Address:
    """Who a mail is from: the address of the setting MAIL_FROM, with the organisation's own name before it if it has one."""
    address = parseaddr(mail_from)[1]
    return Address(display_name=sender, addr_spec=address) if sender and address else mail_from
