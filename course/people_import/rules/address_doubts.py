"""Addresses that may not be those of one person: mailboxes of several people, and misspelt domains."""

from __future__ import annotations

import re

from course.text import search_key
from course.translation import lazy_gettext as _

# Parts of a mailbox that several people read: office@, north.office@, schooloffice@.
_SHARED_PARTS = frozenset(
    {"office", "admin", "administration", "reception", "enquiries", "enquiry", "inquiries", "info", "information", "helpdesk",
     "swyddfa", "ymholiadau", "derbynfa", "gweinyddol", "buero", "buro", "empfang", "verwaltung", "accueil", "secretariat",
     "shared", "generic", "team", "staff"}
)  # fmt: skip
# Mailboxes that belong to a post or a place: as a whole, because parts of them stand in addresses of people as well.
_SHARED_WHOLE = _SHARED_PARTS | {
    "head", "headteacher", "principal", "deputy", "manager", "management", "director", "secretary", "bursar", "clerk", "chair",
    "governors", "trustees", "senco", "dsl", "safeguarding", "hr", "humanresources", "payroll", "finance", "accounts",
    "training", "recruitment", "it", "itsupport", "ict", "support", "help", "contact", "contactus", "mail", "email", "post",
    "postmaster", "webmaster", "hello", "all", "everyone", "allstaff", "duty", "dutymanager", "oncall", "rota", "nights",
    "volunteers", "volunteer", "agency", "supply", "cover", "bank", "teachers", "carers", "teaching", "staffroom",
    "nursery", "preschool", "kitchen", "caretaker", "cleaners", "care", "home", "school", "house", "club", "centre", "center",
    "pennaeth", "ysgol", "cyswllt", "kontakt", "leitung", "schule", "kita",
}  # fmt: skip
_OFFICE = re.compile(r"(?:school|main|front|head|central|site|home|general)(?:office|admin|reception)")
# Domains that are typed wrongly often; some of them belong to somebody who reads what arrives there.
_MISSPELT = (
    (re.compile(r"(?:g[mn]ial|gmai|gmal|gamil|gnail|gmaill|gmeil|ggmail)\.com|gmail\.(?:co|con|cm|om|co\.uk)"), "gmail.com"),
    (re.compile(r"(?:hotmial|hotmai|hotmil|hotmal|homail|hotnail|htmail|hotmaill)\.com|hotmail\.(?:co|con|cm)"), "hotmail.com"),
    (re.compile(r"(?:hotmial|hotmai|hotmil|hotmal|homail|hotnail|htmail)\.co\.uk"), "hotmail.co.uk"),
    (re.compile(r"(?:outlok|outloo|outllok|outlool|oulook|outlook)\.(?:con|cm|co)|(?:outlok|outloo|outllok|oulook)\.com"),
     "outlook.com"),
    (re.compile(r"(?:yaho|yahooo|yhaoo|yahho)\.com|yahoo\.(?:con|cm)"), "yahoo.com"),
    (re.compile(r"(?:yaho|yahooo|yhaoo|yahho)\.co\.uk"), "yahoo.co.uk"),
    (re.compile(r"(?:iclod|icoud|icluod)\.com|icloud\.(?:con|co|cm)"), "icloud.com"),
)  # fmt: skip
# Ends of domains that do not exist.
_NO_END = ((".con", ".com"), (".cmo", ".com"), (".ocm", ".com"), (".comm", ".com"), (".ogr", ".org"), (".orgg", ".org"),
           (".ork", ".org"), (".co.k", ".co.uk"), (".couk", ".co.uk"), (".co.ukk", ".co.uk"), (".org.k", ".org.uk"),
           (".orguk", ".org.uk"), (".org.ukk", ".org.uk"), (".sch.k", ".sch.uk"), (".schuk", ".sch.uk"),
           (".gov.k", ".gov.uk"), (".govuk", ".gov.uk"), (".ac.k", ".ac.uk"), (".nhs.k", ".nhs.uk"), (".cymr", ".cymru"),
           (".wale", ".wales"))  # fmt: skip


def misspelt_address(email: str) -> str | None:
    """How an address is probably meant that is misspelt, as a question; None if it is not, or empty."""
    mailbox, _at, domain = email.casefold().rpartition("@")
    meant = _guest_address(mailbox)
    if right := _right_domain(domain):
        meant = f"{mailbox}@{right}"
    return _("“%(email)s” may be misspelt. Is it “%(right)s”?", email=email, right=meant) if meant else None


def address_doubt(email: str, name: str) -> str | None:
    """Why an address may not be that of the person of this name; None if nothing speaks against it."""
    if words := misspelt_address(email):
        return words
    mailbox = email.casefold().rpartition("@")[0]
    parts = [re.sub(r"\d+", "", part) for part in re.split(r"[-._+]", mailbox)]
    if set(search_key(name).split()).intersection(parts):
        return None  # ann.admin@, and the address of Ann Head
    whole = "".join(parts)
    if whole in _SHARED_WHOLE or _OFFICE.fullmatch(whole) or not _SHARED_PARTS.isdisjoint(parts):
        return _("“%(email)s” looks like a mailbox that several people read.", email=email)
    return None


def _guest_address(mailbox: str) -> str:
    """The address of a guest of a Microsoft directory, whose sign-in name there takes no mail: ann_home.example#ext#; empty
    for others."""
    found = re.fullmatch(r"(.+)_([^_]+\.[^_]+)#ext#", mailbox)
    return f"{found[1]}@{found[2]}" if found else ""


def _right_domain(domain: str) -> str | None:
    """How a domain is probably meant that is typed wrongly; None if it is not."""
    for wrong, right in _MISSPELT:
        if wrong.fullmatch(domain):
            return right
    return next((domain.removesuffix(wrong) + right for wrong, right in _NO_END if domain.endswith(wrong)), None)
