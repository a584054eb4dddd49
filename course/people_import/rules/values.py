"""Placeholders that HR systems and spreadsheets write in empty cells, and staff numbers that spreadsheets change."""

from __future__ import annotations

import re
import unicodedata

# In place of a value, in small letters and without spaces, stops, hyphens and brackets around it.
_PLACEHOLDERS = frozenset(
    {"", "n/a", "n/k", "na", "n.a", "#n/a", "none", "nil", "null", "(null)", "(blank)", "blank", "empty", "tbc", "tba", "tbd",
     "unknown", "not known", "not applicable", "not yet known", "to follow", "to be confirmed", "to be advised",
     "pending", "awaiting", "awaited", "no number", "not set", "unassigned", "undefined", "nan", "nat", "?", "??",
     "???", "xxx", "keine", "k.a", "n\\a", "n\\k", "<null>", "[null]", "(none)", "<none>", "(empty)", "#getting_data",
     "not provided", "not given", "not issued", "not available", "not allocated", "not assigned", "please select",
     "unbekannt", "dim", "dim ar gael", "amherthnasol", "i'w gadarnhau"}
)  # fmt: skip
_SPREADSHEET_ERROR = re.compile(
    r"#(N/?A|REF!?|VALUE!?|NAME\??|DIV/0!?|NUM!?|NULL!?|SPILL!?|CALC!?|ERROR!?|N/?V|WERT!?|BEZUG!?|ZAHL!?|#+)|Err:\d{3}",
    re.IGNORECASE,
)
_DASHES = re.compile(r"[-–—_.…~*/\\ '\"’“”]*")
_NOUGHT = re.compile(r"0+([.,]0+)?|0?0/01/1900")  # also what Excel shows for an empty cell elsewhere
# Mailboxes that nobody has: alone, and where the domain says the same (none@none.com, x@x.com).
_NO_MAILBOX = frozenset(
    {"none", "noemail", "noemailaddress", "nomail", "noaddress", "noreply", "donotreply", "unknown", "notknown", "notprovided",
     "notapplicable", "notavailable", "tbc", "tba", "nobody", "null", "placeholder", "dimebost"}
)  # fmt: skip
_NO_DOMAIN = _NO_MAILBOX | {
    "no",
    "na",
    "nil",
    "x",
    "xx",
    "xxx",
    "a",
    "abc",
    "test",
    "email",
    "blank",
    "empty",
    "dim",
    "example",
}
_SCIENTIFIC = re.compile(r"(\d(?:\.\d+)?)E\+?(\d{1,2})", re.IGNORECASE)
_DECIMAL = re.compile(r"(\d+)[.,]0+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
# What Excel makes of 10-11, MAR4 and 10-11-25: a day.
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DAY = re.compile(
    rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2}}|\d{{1,2}}/\d{{1,2}}/(?:19|20)\d{{2}}|(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}",
    re.IGNORECASE,
)


def is_placeholder(text: str) -> bool:
    """Whether this only stands in the place of a value, such as N/A, TBC, #REF! or a dash."""
    plain = text.casefold().strip(" .:;-–—")
    return plain in _PLACEHOLDERS or bool(_DASHES.fullmatch(text)) or bool(_SPREADSHEET_ERROR.fullmatch(text.strip()))


def is_placeholder_name(text: str) -> bool:
    """The same for a name: Null, None and Na are names of people, and so is Lnu; FNU and LNU stand for a first or last name
    that is unknown."""
    bare = text.strip()
    return (
        not bare.strip("?")
        or bare in ("FNU", "LNU")
        or bool(_DASHES.fullmatch(text) or _SPREADSHEET_ERROR.fullmatch(bare))
    )


def is_placeholder_word(text: str) -> bool:
    """The same for a staff number, a team and other words: nobody has the number 0, and nothing is called 0."""
    return is_placeholder(text) or bool(_NOUGHT.fullmatch(text))


def is_placeholder_address(address: str, name: str) -> bool:
    """The same for an e-mail address. A person called None or Null may have theirs."""
    if is_placeholder(address):
        return True
    mailbox, _, domain = address.casefold().partition("@")
    if not domain or mailbox in re.findall(r"\w+", name.casefold()):
        return False
    mailbox, first = re.sub(r"[-._ ]", "", mailbox), re.sub(r"[-_]", "", domain.partition(".")[0])
    return mailbox in _NO_MAILBOX or (mailbox == first and mailbox in _NO_DOMAIN)


def is_spreadsheet_number(number: str) -> bool:
    """Whether a staff number is written as only a spreadsheet writes numbers: 1.23E+05, 417.0, 12,345 or 10-Nov."""
    plain = number.replace(" ", "")
    if _THOUSANDS.fullmatch(plain) or _DAY.fullmatch(plain):
        return True
    scientific = bool(_SCIENTIFIC.fullmatch(plain)) and ("+" in plain or "." in plain)
    return scientific or bool(_DECIMAL.fullmatch(plain))


def truer_number(old: str, new: str) -> str:
    """Of two numbers with one key the one to keep: the new one only if a spreadsheet had taken zeros from the old one."""
    return new if new.lstrip("0") == old.lstrip("0") and len(new) > len(old) else old


def number_key(number: str) -> str:
    """What is left of a staff number when a spreadsheet has taken it for a number to count with: no zeros in front, no
    decimals, no powers of ten; and letters and digits in one form and case. Two numbers with one key may be the same."""
    text = unicodedata.normalize("NFKC", number).casefold().strip(" '`’")
    text = re.sub(r"[\s\-_/]", "", text)
    if found := _SCIENTIFIC.fullmatch(text):
        whole, _, decimals = found[1].partition(".")
        places = int(found[2])
        if len(decimals) <= places:
            text = whole + decimals + "0" * (places - len(decimals))
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if found := _DECIMAL.fullmatch(text):
        text = found[1]
    return text.lstrip("0") or text
