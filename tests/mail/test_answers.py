"""What mail servers answer: only the answer that there is no such mailbox stops mail to an address."""

from __future__ import annotations

import pytest

from course.mail.rules import (
    ReplyMeaning,
    address_is_dead,
    redact_addresses,
    reply_meaning,
    report_says_dead,
    too_many_dead_addresses,
)

DEAD: list[tuple[int, str]] = [
    (550, "5.1.1 No such mailbox"),
    (550, "5.1.1 The e-mail account that you tried to reach does not exist. Please try\n5.1.1 double-checking the "
          "recipient's address. https://support.example.com/mail/?p=NoSuchUser a1-2 - gsmtp"),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient sam@example.org not found by SMTP address lookup"),
    (550, "5.1.1 <sam@example.org>: Recipient address rejected: User unknown in relay recipient table"),
    (550, "5.1.1 <sam@example.org>: Recipient address rejected: User unknown in virtual mailbox table"),
    (550, "5.1.6 This mailbox has moved and left no address"),
    (553, "5.1.3 The recipient address is not a valid RFC 5321 address"),
    (556, "5.1.10 Recipient address has null MX"),
    (550, "#5.1.0 Address rejected: unknown user"),
    (550, "sorry, no mailbox here by that name. (#5.1.1)"),
    (550, "sorry, no mailbox here by that name (chkuser)"),
    (550, "No such user here"),
    (550, "No Such User Here\""),
    (550, "Unknown user"),
    (550, "Invalid Recipient - https://community.example.com/docs/DOC-1369#550 [x1Yz]"),
    (550, "Requested action not taken: mailbox not found"),
    (550, "sam@example.org: unknown user account"),
    (550, "5.1.1 User sam@example.org not listed in Domino Directory"),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient sam@example.org not found by SMTP address lookup"),
    (550, "User sam@example.org does not exist"),
    (550, "<sam@example.org> is not a valid mailbox"),
    (550, "<sam@example.org>... User unknown"),
    (553, "Mailbox name not allowed"),
    (553, "5.3.0 <sam@example.org>... No such user here"),
    (554, "delivery error: dd This user doesn't have an example.com account (sam@example.org) [-5]"),
    (550, "5.0.0 <sam@example.org>: user unknown"),
    (554, "5.2.1 Mailbox disabled"),
    (550, "5.2.1 The e-mail account that you tried to reach is disabled."),
    (551, "5.1.1 User not local and no address to forward to"),
    (550, "Recipient not recognised"),
    (550, "5.1.1 unknown or illegal alias: sam@example.org"),
    (550, "5.1.1 sam@example.org recipient rejected. IB603a"),
    (550, "5.1.1 <sam@example.org>: Recipient address rejected: example.org"),
    (550, "5.1.1 Requested action not taken: mailbox unavailable"),
    (550, "5.1.1 Account inactive"),
    (550, "5.1.1 Benutzer unbekannt"),
    (550, "5.1.1 Adresse d'au moins un destinataire invalide. LPN007_416"),
    (550, "5.1.1 Cyfeiriad anhysbys"),
    (550, "permanent failure for one or more recipients (sam@example.org:550 5.1.1 <sam@example.org>: Recipient address "
          "rejected: User unknown)"),
]  # fmt: skip
REFUSED: list[tuple[int, str]] = [
    (550, "5.1.8 Access denied, bad outbound sender"),
    # A server that asks another one whether there is such a mailbox, and gets no answer.
    (
        550,
        "5.1.1 <sam@example.org>: Recipient address rejected: unverified address: connect to mx.example.org[192.0.2.7]:25: "
        "Connection timed out",
    ),
    (
        550,
        "5.1.1 <sam@example.org>: Recipient address rejected: undeliverable address: host mx.example.org said: 450 4.2.1 "
        "mailbox unknown",
    ),
    (550, "5.1.1 Address rejected: unable to verify user at this time"),
    (550, "5.1.1 Recipient not found: connection refused by directory"),
    (550, "5.2.1 Mailbox disabled by its administrator until Monday"),
    (550, "5.2.1 Account disabled, pending review"),
    (550, "5.1.1 Bad destination mailbox address (in reply to MAIL FROM command)"),
    (550, "Unknown user course@example.org is not allowed to send to this domain"),
    (550, "5.1.8 <course@example.org>: Sender address rejected: Domain not found"),
    (550, "5.1.0 <course@example.org>: Sender address rejected: User unknown in virtual mailbox table"),
    (550, "5.1.1 Sender address rejected: no such user"),
    (550, "5.1.7 <course@example.org>: Sender address rejected: not a valid address"),
    (550, "Sender verify failed"),
    # The words are those for a mailbox, and what is meant is the server that hands the mail on, or one that it asks.
    (550, "5.1.1 Client host rejected: cannot find your hostname"),
    (550, "5.1.1 Your account has been disabled from sending"),
    (550, "5.1.1 No MX host for your domain"),
    (550, "5.1.1 User lookup failed"),
    (550, "5.1.10 Recipient not found, because the directory server is not available"),
    (550, "Your mailbox has been disabled: outgoing mail is blocked"),
    (550, "Mail to this user could not be found to comply with policy"),
    (550, "Verification failed for <course@example.org>\nNo such user here\nSender verify failed"),
    (
        550,
        "5.2.1 The user that you are trying to contact is receiving mail at a rate that prevents additional messages",
    ),
    (550, "5.2.1 The user you tried to contact has been sent too many messages, so mail was turned away"),
    (552, "5.2.2 Mailbox full"),
    (552, "5.2.2 The recipient's inbox is out of storage space"),
    (550, "Mailbox sam@example.org is over quota"),
    (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
    (550, "5.4.4 Host or domain name not found"),
    (554, "5.4.14 Hop count exceeded - possible mail loop"),
    (550, "5.7.1 Message rejected as spam"),
    (550, "5.7.1 Unable to relay for sam@example.org"),
    (554, "5.7.1 <sam@example.org>: Relay access denied"),
    (554, "5.7.1 Service unavailable; Client host [192.0.2.7] blocked using a block list"),
    (550, "5.7.26 This mail has been blocked because the sender is unauthenticated"),
    (550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (550, "5.7.705 Access denied, tenant has exceeded threshold"),
    (554, "5.2.252 SendAsDenied; course@example.org not allowed to send as training@example.org"),
    (530, "5.7.0 Authentication required"),
    (550, "Relaying denied"),
    (550, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    (550, "Administrative prohibition - envelope blocked"),
    (550, "Rejected by header based anti-spoofing policy"),
    (550, "Requested action not taken: mailbox unavailable"),
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302)"),
    (554, "Transaction failed"),
    (554, "5.3.0 Message blocked due to spam content"),
    (550, "5.2.1 Mailbox temporarily disabled, try again later"),
    (550, "5.1.2 The domain of the recipient has no mail server"),
    (521, "5.3.2 This host accepts no mail"),
    (550, "Too many invalid recipients"),
    # The code is that for a mailbox, and the words give another reason.
    (550, "5.1.1 Message content rejected"),
    (550, "5.1.1 This message contains a banned attachment"),
    (550, "5.1.1 <sam@example.org>: Recipient address rejected: Access denied"),
    (550, "5.1.1 IP address blocked"),
    (550, "5.1.1 TLS required"),
    (550, "5.1.1 Server error"),
    (550, "5.1.1 Service unavailable"),
    (550, "5.1.1 System is under maintenance"),
    (550, "5.1.1 sam@example.org... User unknown: account is in maintenance mode"),
    (550, "5.1.1 Recipient verification: LDAP server unreachable, user unknown"),
    (550, "5.1.1 <sam@example.org>: Recipient address rejected: undeliverable address: mail for example.org loops back to "
          "myself"),
    (550, "5.1.1 <sam@example.org> Mailbox migrating, user not found on old server"),
    (550, "5.1.1 Account locked, mailbox inactive"),
    (550, "5.1.1 Mailbox access restricted to internal senders"),
    (550, "5.1.1 This group may not exist, or you may not have permission to post messages to the group"),
    (550, "5.1.1 Postfach voll"),
    (550, "5.1.1 La boîte aux lettres est pleine"),
    (550, "5.1.1 Absender unbekannt"),
    (550, "5.1.1 Reply-To address does not exist"),
    (550, "5.2.1 Mailbox inactive during maternity leave"),
    (550, "Account deactivated due to non-payment"),
    (550, "Mailbox is closed to outside senders"),
    (550, "User disabled by administrator for receiving external email"),
    (550, "User unknown to the list, only members may post"),
    (550, "You are not a member of this list: unknown member"),
    # The server that hands the mail on, or the sender, has a name that is not known.
    (550, "IP address not found in reverse DNS"),
    (550, "HELO address does not exist"),
    (550, "Invalid address in HELO"),
    (550, "The email account of the sender has been disabled"),
    (550, "The user account used to send this message was disabled"),
    (550, ""),
]  # fmt: skip
LATER: list[tuple[int, str]] = [
    (450, "4.2.0 <sam@example.org>: Recipient address rejected: Greylisted, see https://postgrey.example/help"),
    (451, "4.7.1 Greylisting in action, please come back in 00:05:00"),
    (451, "4.1.1 No such user, try later"),
    (450, "4.1.1 <sam@example.org>: unverified address: user unknown"),
    (450, "4.2.1 The user that you are trying to contact is receiving mail too quickly"),
    (421, "4.3.2 Service not available, closing transmission channel"),
    (452, "4.2.2 Mailbox full"),
    (452, "4.5.3 Too many recipients"),
    (451, "4.7.500 Server busy. Please try again later"),
    (454, "4.7.0 Temporary authentication failure"),
    (550, "4.4.7 Message expired"),
]  # fmt: skip
TOO_LARGE: list[tuple[int, str]] = [
    (552, "5.3.4 Message size exceeds fixed limit"),
    (552, "Message too large"),
    (550, "5.2.3 Message too big for this mailbox"),
]
ANSWERS: list[tuple[int, str, ReplyMeaning]] = [
    *((code, words, "no-mailbox") for code, words in DEAD),
    *((code, words, "refused") for code, words in REFUSED),
    *((code, words, "later") for code, words in LATER),
    *((code, words, "never") for code, words in TOO_LARGE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "words", "means"), ANSWERS)
def test_an_answer_means(code: int, words: str, means: ReplyMeaning) -> None:
    assert reply_meaning(code, words) == means
    assert address_is_dead(code, words) is (means == "no-mailbox")


@pytest.mark.parametrize(("code", "words", "means"), ANSWERS)
def test_a_report_that_quotes_an_answer_means_the_same(code: int, words: str, means: ReplyMeaning) -> None:
    """Whether the server that reports has put the code into its field, or 5.0.0 because it knew no better."""
    quoted = f"{code} {words}"
    generic = "4.0.0" if code < 500 else "5.0.0"
    assert report_says_dead(generic, quoted) is (means == "no-mailbox")


REPORTS: list[tuple[str, str, bool]] = [
    ("5.1.1", "550 5.1.1 <sam@example.org>: Recipient address rejected: User unknown", True),
    ("5.1.1", "", True),
    ("5.1.1", "unknown user: \"sam\"", True),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", True),
    ("5.1.1 (bad destination mailbox address)", "550 No such person at this address", True),
    ("5.0.0", "550 5.1.1 User unknown", True),
    ("5.0.0", "550 Unknown user", True),
    ("5.1.8", "550 5.1.8 Access denied, bad outbound sender", False),
    ("5.1.8", "", False),
    ("5.1.1", "550 5.1.8 Access denied, bad outbound sender", False),
    ("5.1.1", "550 5.7.1 Message rejected as spam", False),
    ("5.2.1", "550 5.2.1 The user is receiving mail at a rate that prevents additional messages", False),
    ("5.2.1", "", False),
    ("5.2.2", "552 5.2.2 Over quota", False),
    ("5.4.4", "Host or domain name not found. Name service error for name=example.org", False),
    ("5.4.7", "Delivery time expired", False),
    ("5.7.1", "550 5.7.1 Unable to relay", False),
    ("4.4.1", "connect to mail.example.org: Connection timed out", False),
    ("4.1.1", "450 4.1.1 user unknown", False),
    ("5.0.0", "450 5.1.1 user unknown", False),
    ("5.1.1", "450 user unknown", False),
    ("", "", False),
    ("not a code", "not an answer", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "words", "dead"), REPORTS)
def test_a_delivery_report_says_whether_there_is_such_a_mailbox(status: str, words: str, dead: bool) -> None:
    assert report_says_dead(status, words) is dead


@pytest.mark.parametrize(
    ("dead", "accepted", "doubted"),
    [(1, 0, False), (3, 0, False), (4, 0, True), (4, 15, True), (4, 16, False), (50, 3, True), (60, 900, False)],
)
def test_many_dead_addresses_at_once_are_the_server(dead: int, accepted: int, doubted: bool) -> None:
    assert too_many_dead_addresses(dead, accepted) is doubted


def test_an_answer_is_shown_without_addresses() -> None:
    assert redact_addresses("450 <sam@example.org>:\n Greylisted, kim@example.org") == "450 …: Greylisted, …"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("5.1.1 <sam@example.org>: user unknown", "no-mailbox"),
        ("5.1.1 <SAM@mail.example.org>: user unknown", "no-mailbox"),
        ("5.1.1 user unknown", "no-mailbox"),
        ("5.1.1 User unknown, ask postmaster@example.org", "no-mailbox"),
        # The mail was handed on to an address of which nobody here knows.
        ("5.1.1 <sam.at.home@example.net>: user unknown", "refused"),
        ("5.1.1 No such user: old.team@example.net", "refused"),
    ],
)
def test_an_answer_about_another_address_stops_no_mail_to_this_one(words: str, meaning: ReplyMeaning) -> None:
    assert reply_meaning(550, words, "sam@example.org") == meaning
