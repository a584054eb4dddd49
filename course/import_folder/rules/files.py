"""The names and times of files in the import folder."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

from course.text import normalise_line
from course.translation import lazy_gettext as _

DONE, REFUSED = "done", "refused"  # the folders within the import folder where files are put that were taken
# A file that is being taken has this before its name, so that whoever writes the next list does not write into it.
TAKEN_PREFIX = ".taken-"
# Who acts, in the audit log and in the list of lists.
CONNECTION = "Import folder"  # not translated: it is stored
MAX_MEGABYTES = 5  # of one file, as for an upload
SETTLED_AFTER = timedelta(minutes=1)
FILE_RETENTION = timedelta(days=14)
NIGHT = range(7)  # the hours of the day in which the worker looks into the folder
_ENDINGS = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".zip"})
# What programs call a file that they are still writing, or have open.
_UNFINISHED_ENDINGS = "part|partial|filepart|tmp|temp|crdownload|download|swp|bak|lock|writing"
_UNFINISHED = re.compile(rf"[.~].*|.*~|.*\.(?:{_UNFINISHED_ENDINGS})", re.IGNORECASE)
_LONGEST_NAME = 255  # bytes that a file system takes
_MAX_NAME = 150  # bytes; a time and an ending are added


class FileRefusal(ValueError):  # noqa: N818 (a refusal is no error of ours)
    """The file is not taken. The message says what is wrong and what to do."""


def is_left_alone(name: str) -> bool:
    """Whether a file is not looked at: it is hidden, or has a name that programs give to unfinished files."""
    return bool(_UNFINISHED.fullmatch(name))


def name_refusal(name: str) -> str | None:
    """Why a file of that name is no list; None if it can be one."""
    if PurePath(name).suffix.lower() in _ENDINGS:
        return None
    return _(
        "“%(name)s” is not a list of people. Save it as “CSV UTF-8” (.csv) or as an Excel workbook (.xlsx).", name=name
    )


def is_settled(changed_at: datetime, at: datetime) -> bool:
    """Whether a file is complete: nothing has changed about it for a minute. A rename counts as a change. A time that lies
    ahead is one of another clock, and says nothing until it has come."""
    return at - changed_at >= SETTLED_AFTER


def is_night(at: datetime, zone: str) -> bool:
    """Whether the worker looks into the folder at this moment."""
    return at.astimezone(ZoneInfo(zone)).hour in NIGHT


def taken_name(name: str) -> str:
    """The name of a file while it is being taken. One that would be too long is cut, and told apart from those that begin alike
    by a digest of the whole name."""
    whole = name.encode("utf-8", "surrogateescape")
    if name.startswith(TAKEN_PREFIX) or len(TAKEN_PREFIX) + len(whole) <= _LONGEST_NAME:
        return TAKEN_PREFIX + original_name(name)
    start = whole[:_MAX_NAME].decode("utf-8", "ignore")
    return f"{TAKEN_PREFIX}{start} {hashlib.sha256(whole).hexdigest()[:16]}{PurePath(name).suffix[:10]}"


def original_name(name: str) -> str:
    """The name under which a file was put into the folder, also of one that is being taken."""
    return name.removeprefix(TAKEN_PREFIX)


def shown_name(name: str) -> str:
    """The name under which a file was put into the folder, as it is stored and shown: a name of an old system may hold bytes
    that are no text."""
    return original_name(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def kept_name(name: str, at: datetime, number: int = 0) -> str:
    """The name of a file that was taken at a moment (UTC): the time first, so that lists of one name stay apart."""
    plain = PurePath(normalise_line(PurePath(name).name))
    stem, ending = plain.stem.encode()[:_MAX_NAME].decode("utf-8", "ignore"), plain.suffix[:10]
    return f"{at:%Y-%m-%d %H%M%S}{f' ({number})' if number else ''} {stem}{ending}"
