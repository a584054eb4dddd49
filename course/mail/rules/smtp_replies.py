"""What a mail server's answer means: whether there is no such mailbox, or whether this mail, this sender or this moment
was the reason.

An address is only called dead when the answer says so. Everything else is tried again: a healthy address that gets no
mail any more is worse than a dead one that gets some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# no-mailbox: the address is dead. never: this mail is too large, whenever it is sent. later: try again. refused: a
# refusal for another reason, such as the sender, a full mailbox or a policy.
ReplyMeaning = Literal["no-mailbox", "never", "later", "refused"]

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_TEMPORARY_REPLY = re.compile(r"\s*4\d\d\b")
_LINK = re.compile(r"https?://\S+")
_ADDRESS = re.compile(r"<[^<>\s]*>|[\w.+%'=-]+@[\w.-]+")
# RFC 3463 with the codes that servers add to it: bad mailbox, bad syntax of it, moved, no mail host or recipient.
_NO_MAILBOX_CODES = frozenset({(1, 1), (1, 3), (1, 6), (1, 10)})
# These say too little: the words beside them decide.
_VAGUE_CODES = frozenset({(1, 0), (2, 0), (2, 1), (3, 0), (5, 0)})
# Mailboxes that an answer names for questions.
_SERVERS_OWN = frozenset(
    {"postmaster", "abuse", "support", "help", "helpdesk", "hostmaster", "admin", "it", "mailer-daemon"}
)
_RECIPIENT_WORDS = (
    r"(?:user|mailbox|recipient|account|addressee|alias|member|customer|local[ -]part|e-?mail address|address|person)"
)
_UNKNOWN_RECIPIENT = re.compile(
    rf"""
      \b(?:no\ such|no\ longer\ a|not\ a\ (?:known|valid)|unknown|invalid|non-?existent|nonexisting|undefined|bad\ destination)
        \ (?:(?:local|virtual|e-?mail|mail|final|destination|smtp|recipient|user)\ )*{_RECIPIENT_WORDS}\b
    | \b{_RECIPIENT_WORDS}(?:\ (?:name|here|that\ you\ tried\ to\ reach|you\ entered|part))*
        \ (?:is\ |was\ |has\ been\ |could\ |can\ ?|does\ |do\ )*
        (?:unknown|not\ found|not\ be\ found|not\ exist|doesn['’]?t\ exist|doesnt\ exist|not\ known|not\ listed
          |no\ longer\ (?:exists?|valid|here)|invalid|isn['’]t\ found|wasn['’]t\ found|not\ valid|deleted|name\ not\ allowed
          |not\ recogni[sz]ed)
    | \bno\ (?:mailbox|account|user|recipient)s?\ (?:here|by\ that\ name|with\ that\ name|found)
    | \buser(?:\ \S+)?\ (?:doesn['’]?t|does\ not)\ have\ an?\ .{{0,40}}account
    | \brecip(?:ient)?notfound\b
    """,
    re.VERBOSE,
)
_CLOSED_MAILBOX = re.compile(
    rf"\b{_RECIPIENT_WORDS}\b.{{0,40}}\b(?:disabled|inactive|deactivated|closed|deleted|terminated|discontinued|no longer active)\b"
)
# Beside a code that says so, one of these is enough. Words that neither confirm the code nor are empty contradict it: many
# servers send 5.1.1 with whatever they refuse ("Message content rejected", "Postfach voll").
_CONFIRMATION = re.compile(
    r"\b(?:unknown|no such|not ?found|not (?:be found|exist|known|listed|a? ?valid|recogni[sz]ed|local)|doe?sn['’]?t exist"
    r"|non-?exist|no longer|invalid|illegal (?:alias|user|address)|bad (?:destination|recipient|address|mailbox)"
    r"|no (?:mailbox|account|user|recipient)|null mx|recip(?:ient)?notfound|has (?:moved|left)"
    r"|disabled|deactivated|deleted|terminated|discontinued|inactive|closed"
    r"|inconnu|inexist|invalide|inválid|introuvable|existe (?:pas|plus)|n[oã]o? existe|desconocid|desconhecid|sconosciut"
    r"|non esiste|unbekannt|existiert nicht|nicht (?:gefunden|vorhanden)|ungültig|onbekend|bestaat niet"
    r"|anhysbys|ddim yn bodoli|nieznan|nie istnieje|okänd|finns inte|ukendt|ukjent)"
)
# Words that add no reason to a code, names of servers, numbers and signs.
_NO_REASON = re.compile(
    r"\b(?:requested (?:mail )?action (?:not taken|aborted)|mailbox (?:is )?(?:un|not )available"
    r"|(?:permanent|delivery|smtp) (?:error|failed|failure)|remote server returned)"
    r"|\b(?:recipient|address|user|mailbox|e-?mail|rejected|rcpt|smtp|an|the|to|by|is|was|in|reply|command|said|sorry"
    r"|undeliverable|gsmtp)\b"
    r"|\S*[\d.=/_]\S*|[^\w\s]"
)
# The sender is meant, although the words may be those for a mailbox ("Sender address rejected: User unknown").
_SENDER_REJECTED = re.compile(
    r"\b(?:sender|from|return[- ]path|originator)\b[^.;]{0,40}?"
    r"\b(?:reject|denied|refus|not |unknown|bad|invalid|unverif|verif|block|fail|could|does|disabled|closed|inactive)"
    r"|\b(?:bad|invalid|unknown|unverified|unauthenticated|blocked|forged)(?: outbound| envelope)? (?:sender|return[- ]path)"
    r"|\bin reply to mail from\b|\bnot (?:allowed|permitted|authori[sz]ed) to send\b|\bused to send\b|\breply-?to\b"
    r"|\byour (?:e-?mail )?(?:account|mailbox|address)\b|\b(?:absender|expéditeur|remitente|mittente|afzender|anfonwr)"
)
_TEMPORARY_FAILURE = re.compile(
    r"\btemporar|\btry (?:again|later)|\bgr[ea]ylist|\bdeferred\b|\bat a rate\b|\brate[- ]limit|\btoo (?:many|much|fast)\b"
    r"|\bthrottl|\bquota\b|\bfull\b|\bexceed|\bsuspended\b|\bstorage\b|\bat this time\b|\buntil\b|\bpending\b|\bbusy\b"
    # The server has asked another one whether there is such a mailbox, and got no answer.
    r"|\btimed? ?-?out\b|\bunverified address\b|\b(?:unable to|cannot|could not) verify\b|\bsaid 4\d\d\b"
    r"|\bconnection (?:refused|reset|lost|failed|dropped)\b|\b(?:unreachable|not reachable)\b"
    r"|\bmaintenance\b|\bmigrat|\block(?:ed|ing)\b|\bloops?\b|\b(?:holiday|vacation|leave)s?\b|\bpay(?:ment|ing)\b"
)
_TOO_LARGE = re.compile(r"\b(?:message|mail|size)\b.{0,40}\b(?:too (?:large|big|long)|maximum|size limit)\b")
_POLICY = re.compile(
    r"\bspam\b|\bspoof|\bblack-?list|\bblock[- ]?list|\breputation\b|\bdmarc\b|\bspf\b|\bdkim\b|\bvirus\b|\bmalware\b"
    r"|\brelay(?:ing)?\b (?!recipient)|\brelaying\b|\bunable to relay\b|\bauthenticat|\bprohibit|\bpolicy\b"
    # Who may write to the mailbox is meant.
    r"|\b(?:external|internal|outside|members?) (?:only|senders?|e-?mail|may|can)\b|\bonly (?:accepts?|members?|internal)\b"
    r"|\bmember of this list\b|\brestrict|\bpermission"
    # The server that hands the mail on is meant, or one that is asked who there is does not answer.
    r"|\bhelo\b|\behlo\b|\bdns\b|\bptr\b|\bip address\b|\breverse\b"
    r"|\bclient host\b|\boutbound\b|\boutgoing\b|\bsending\b|\blicen[cs]e\b|\byour (?:\S+ )?domain\b"
    r"|\blook-?up (?:failed|failure|error)"
    r"|\bdirectory (?:server |service |lookup )*(?:is |was )?(?:unavailable|not available|failed|not reach|error|time)"
)


@dataclass(frozen=True)
class EnhancedStatus:
    """An enhanced status code (RFC 3463): its class (2, 4 or 5), subject and detail."""

    kind: int
    subject: int
    detail: int


def enhanced_status(words: str) -> EnhancedStatus | None:
    """The first enhanced status code in an answer; None if it has none."""
    found = _STATUS.search(_LINK.sub(" ", words))
    return EnhancedStatus(int(found[1]), int(found[2]), int(found[3])) if found else None


def reply_meaning(code: int, words: str, recipient: str = "") -> ReplyMeaning:
    """What an answer to a mail or to its recipient means; `code` is its number, `words` are the rest of it. An answer that names
    another address than that of the `recipient` is about one to which the mail was handed on."""
    status = enhanced_status(words)
    if not 500 <= code < 600 or (status is not None and status.kind != 5):
        return "later"
    said = _normalise_reply(words)
    if (status is not None and (status.subject, status.detail) in ((3, 4), (2, 3))) or _TOO_LARGE.search(said):
        return "never"
    if recipient and _names_another_address(words, recipient):
        return "refused"
    return "no-mailbox" if _says_no_mailbox(status, said) else "refused"


def _names_another_address(words: str, recipient: str) -> bool:
    """Whether an answer names addresses of which none is the recipient's, also not at another domain of theirs."""
    found = {one.strip("<>.'").casefold().partition("@")[0] for one in _ADDRESS.findall(words) if "@" in one}
    return bool(found - _SERVERS_OWN) and recipient.casefold().partition("@")[0] not in found


def address_is_dead(code: int, words: str) -> bool:
    """Whether an answer says that there is no such mailbox."""
    return reply_meaning(code, words) == "no-mailbox"


def report_says_dead(status: str, words: str) -> bool:
    """The same for a delivery report: its field Status, and the words of the server that turned the mail away.

    Some servers write 5.0.0 into the field and the real code into the words. Where the two say different things, the
    address gets the benefit of the doubt.
    """
    field, said = enhanced_status(status), enhanced_status(words)
    if field is None or field.kind != 5 or (said is not None and said.kind != 5) or _TEMPORARY_REPLY.match(words):
        return False
    if said is None or (field.subject, field.detail) == (0, 0):
        return address_is_dead(550, words if said else f"{status} {words}")
    return address_is_dead(550, words) and address_is_dead(550, f"{status} {_STATUS.sub(' ', words)}")


def redact_addresses(words: str) -> str:
    """An answer as it may be shown to somebody who is to read nobody's address in it, on one line."""
    return " ".join(_ADDRESS.sub("…", words).split())


def _normalise_reply(words: str) -> str:
    """The words of an answer without links, addresses and codes, in small letters."""
    bare = _ADDRESS.sub(" ", _LINK.sub(" ", words))
    bare = re.sub(r"\b\d{3}[- ]?(?=\d\.\d)|[\[\]():#,\"]", " ", _STATUS.sub(" ", bare))
    return " ".join(bare.casefold().split())


def _says_no_mailbox(status: EnhancedStatus | None, words: str) -> bool:
    if _SENDER_REJECTED.search(words) or _TEMPORARY_FAILURE.search(words) or _POLICY.search(words):
        return False
    code = None if status is None else (status.subject, status.detail)
    if code in _NO_MAILBOX_CODES:
        return bool(_CONFIRMATION.search(words)) or not _NO_REASON.sub(" ", words).strip()
    if code is None or code in _VAGUE_CODES or code[0] == 0:
        return bool(_UNKNOWN_RECIPIENT.search(words) or _CLOSED_MAILBOX.search(words))
    return False
