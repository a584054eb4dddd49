"""The check of a pack that somebody uploads: what the page is told by the process that reads the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from course.credentials.rules.keys import Key, decode_multikey
from course.evidence.rules.pack import FindingCode, PackClaims, PackVerdict, verify_pack

MAX_UNPACKED = 160 * 1024 * 1024  # bytes of all members; a pack of 5,000 people has some ten million
MAX_LISTED = 20  # findings that the page lists
# `ours`: signed with a key of this installation; `known`: with one of an issuer whose certificates count here; `unknown`:
# with any other; `withdrawn`: with a key that was withdrawn before.
Outcome = Literal["ours", "known", "unknown", "withdrawn", "changed", "no-pack", "other-format", "too-large"]
UNREADABLE: tuple[Outcome, ...] = ("no-pack", "other-format", "too-large")


@dataclass(frozen=True)
class UploadResult:
    """What the check of an upload found.

    `claims` is what the pack says of itself, only for one that is whole. `problems` are the code and the file of what is
    wrong, at most MAX_LISTED of them, and `more_problems` counts the others. `withdrawn_later`: the key was withdrawn
    after the moment at which the pack says that it was made.
    """

    outcome: Outcome
    claims: PackClaims | None = None
    problems: tuple[tuple[FindingCode, str], ...] = ()
    more_problems: int = 0
    withdrawn_later: bool = False


def check_upload(data: bytes, own_keys: Sequence[Key], known_keys: Sequence[Key]) -> UploadResult:
    """Check a file. `own_keys` are those of this installation, `known_keys` those of issuers that it trusts."""
    trusted = (*own_keys, *known_keys)
    verdict = verify_pack(data, trusted, MAX_UNPACKED)
    wrong = [finding for finding in verdict.findings if not finding.is_valid]
    if [finding.code for finding in wrong] == ["key-of-another"]:
        # The key says nothing; whether the files are those that were signed with it can still be told.
        verdict = verify_pack(data, (), MAX_UNPACKED)
        wrong = [finding for finding in verdict.findings if not finding.is_valid]
    if not wrong:
        return _whole(verdict, own_keys, trusted)
    codes = {finding.code for finding in wrong}
    for outcome in UNREADABLE:
        if outcome in codes:
            return UploadResult(outcome)
    if codes == {"key-withdrawn"}:
        return UploadResult("withdrawn", verdict.claims)
    problems = tuple((finding.code, finding.name[:200]) for finding in wrong if finding.code != "key-of-another")
    return UploadResult("changed", None, problems[:MAX_LISTED], max(0, len(problems) - MAX_LISTED))


def _whole(verdict: PackVerdict, own_keys: Sequence[Key], trusted: Sequence[Key]) -> UploadResult:
    claims = verdict.claims
    if claims is None or not verdict.is_key_trusted:
        return UploadResult("unknown", claims)
    public_bytes = decode_multikey(claims.key)
    matching = [key for key in trusted if key.public_bytes == public_bytes]
    is_own = any(key.public_bytes == public_bytes for key in own_keys)
    return UploadResult(
        "ours" if is_own else "known", claims, withdrawn_later=any(key.withdrawn_from is not None for key in matching)
    )


def check_as_data(data: bytes, own_keys: Sequence[Key], known_keys: Sequence[Key]) -> dict[str, Any]:
    """The result of `check_upload` as JSON can carry it: for the process that reads files from outside."""
    result = check_upload(data, own_keys, known_keys)
    claims = result.claims
    return {
        "outcome": result.outcome,
        "claims": claims and {**vars(claims), "day": claims.day.isoformat(), "made_at": claims.made_at.isoformat()},
        "problems": [list(problem) for problem in result.problems],
        "more_problems": result.more_problems,
        "withdrawn_later": result.withdrawn_later,
    }


def result_from_data(data: dict[str, Any]) -> UploadResult:
    """The result that `check_as_data` made."""
    claims = data["claims"]
    moments = claims and {
        "day": date.fromisoformat(claims["day"]), "made_at": datetime.fromisoformat(claims["made_at"]),
    }  # fmt: skip
    return UploadResult(
        data["outcome"], PackClaims(**{**claims, **moments}) if claims else None,
        tuple((code, name) for code, name in data["problems"]), data["more_problems"], data["withdrawn_later"],
    )  # fmt: skip
