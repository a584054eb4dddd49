"""The evidence pack as a file: its members, the manifest with their hashes, the signature, and the verification.

The manifest is JSON with sorted keys and no spaces. `manifest.sig` is the 64 bytes of the Ed25519 signature (RFC 8032)
over the bytes of `manifest.json`, so that other programs can verify a pack too.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from course.credentials.rules.keys import Key, decode_multikey, encode_multikey, usable_keys

FORMAT = "online-abuse-course evidence pack 1"
# The steps of making a pack, in order.
STEPS = (
    "Reading who was there",
    "Reading certificates, extensions and leaves",
    "Reading the course and its changes",
    "Reading what people find hard",
    "Setting the document",
    "Signing",
)
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_MAX_MANIFEST_BYTES = 1024 * 1024  # bytes
MAX_PACK_BYTES = 256 * 1024 * 1024  # bytes of a pack; a pack of 5,000 people has a few million
_MAX_UNPACKED_BYTES = 1024 * 1024 * 1024  # bytes of all members when unpacked
_MAX_LINE = 300  # letters of a text that a manifest claims
_MAX_MEMBERS = 1000  # a pack has less than twenty
_MEMBER_HEADER_BYTES = 30  # bytes in front of the name of each member of a ZIP file


@dataclass(frozen=True)
class PackDescription:
    """What a pack is about.

    `team` is empty for everybody. `audit_entry` and `audit_hash` are the number and the hash of the newest entry of the
    audit log when the pack was made, `requested_by` the name of the person who asked for it.
    """

    organisation: str
    team: str
    day: date
    people: int
    made_at: datetime
    requested_by: str
    course: str
    edition: str
    content_version: str
    audit_entry: int
    audit_hash: str


def build_manifest(about: PackDescription, members: Mapping[str, bytes], key: Key) -> bytes:
    """The manifest of the members, to be signed with `key`."""
    document = {
        "format": FORMAT,
        "organisation": about.organisation,
        "team": about.team,
        "day": about.day.isoformat(),
        "people": about.people,
        "made_at": f"{about.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "made_by": about.requested_by,
        "course": {"title": about.course, "edition": about.edition, "content_version": about.content_version},
        "log": {"entry": about.audit_entry, "hash": about.audit_hash},
        "key": {"id": key.address, "issuer": key.issuer, "public": encode_multikey(key.public_bytes)},
        "files": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(members.items())
        ],
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def zip_members(members: Mapping[str, bytes], at: datetime) -> bytes:
    """The members as one ZIP file, in the given order. Equal members at an equal moment give equal bytes."""
    file, moment = io.BytesIO(), at.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, moment), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


FindingCode = Literal[
    "unchanged", "missing", "changed", "added", "signed", "unsigned", "signature-wrong", "key-of-another", "key-withdrawn",
    "no-pack", "other-format", "too-large",
]  # fmt: skip


@dataclass(frozen=True)
class PackFinding:
    """A result of the verification about one member of a pack, or about the whole: a sentence, and whether all is
    well. `code` says the same as a plain value, `name` is the member that it is about."""

    is_valid: bool
    sentence: str
    code: FindingCode
    name: str = ""


@dataclass(frozen=True)
class PackClaims:
    """What a pack says of itself in its manifest. It is true only as far as its key is trusted.

    `key` is the public key (z6Mk…) that it names, and `issuer` the address of its issuer.
    """

    organisation: str
    team: str
    day: date
    people: int
    made_at: datetime
    course: str
    key: str
    issuer: str


@dataclass(frozen=True)
class PackVerdict:
    """All findings of a verification. `is_key_trusted`: the signing key is one of those that the verifier trusts.
    `claims` is what the pack says of itself; None if its manifest cannot be read."""

    findings: tuple[PackFinding, ...]
    is_key_trusted: bool
    claims: PackClaims | None = None

    @property
    def is_valid(self) -> bool:
        return all(finding.is_valid for finding in self.findings)


class _OtherFormatError(ValueError):
    """The manifest is of another format than this program reads."""


class _TooLargeError(ValueError):
    """The pack holds more than a pack can."""


def verify_pack(data: bytes, trusted: Sequence[Key], max_unpacked: int = _MAX_UNPACKED_BYTES) -> PackVerdict:
    """Verify that a pack is unchanged since it was signed.

    `trusted` are the issuer's keys; without any, the key that the pack itself names is used, which proves less.
    `max_unpacked` is how many bytes all its members may have.
    """
    try:
        members = _read_members(data, max_unpacked)
        manifest = _read_manifest(members[MANIFEST])
        names = [str(file_entry["name"]) for file_entry in manifest["files"]]
        if len(set(names)) != len(names) or {MANIFEST, SIGNATURE} & set(names):
            raise ValueError("the manifest names a file twice, or itself")
        findings = [_check_member(file_entry, members.get(str(file_entry["name"]))) for file_entry in manifest["files"]]
        claims = _read_claims(manifest)
        signature, is_key_trusted = _check_signature(manifest, members, trusted)
    except KeyError as error:
        return _unreadable_pack(f"{error} is missing in it", "no-pack")
    except _OtherFormatError as error:
        return _unreadable_pack(str(error), "other-format")
    except _TooLargeError as error:
        return _unreadable_pack(str(error), "too-large")
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        return _unreadable_pack(str(error), "no-pack")
    added = sorted(set(members) - set(names) - {MANIFEST, SIGNATURE})
    findings += [
        PackFinding(False, f"{name} was added: the manifest does not name it.", "added", name) for name in added
    ]
    return PackVerdict((*findings, signature), is_key_trusted, claims)


def _unreadable_pack(problem: str, code: FindingCode) -> PackVerdict:
    sentence = f"This is not an evidence pack as it was made: {problem}."
    return PackVerdict((PackFinding(False, sentence, code),), False)


def _read_members(data: bytes, max_unpacked: int) -> dict[str, bytes]:
    """The members by name.

    Raises ValueError for a file in which another ZIP program might find other members.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > _MAX_MEMBERS:
                raise _TooLargeError("it holds more files than any pack")
            if len({member.filename for member in infos}) != len(infos):
                raise ValueError("it holds two files of one name")
            offset = 0
            for info in sorted(infos, key=lambda member: member.header_offset):
                if info.header_offset != offset or info.flag_bits & ~0x800:
                    raise ValueError("something was written between its files")
                offset += _MEMBER_HEADER_BYTES + len(info.filename.encode()) + info.compress_size
            if archive.start_dir != offset or archive.comment:
                raise ValueError("something was written behind its files")
            if sum(info.file_size for info in infos) > min(1000 * len(data), max_unpacked):
                raise _TooLargeError("it would become too large when it is opened")
            return {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError(f"the ZIP file is damaged ({error})") from error


def _read_manifest(data: bytes) -> dict[str, Any]:
    """The manifest as a dictionary. Raises ValueError if it is too large, or not a manifest."""
    if len(data) > _MAX_MANIFEST_BYTES:
        raise _TooLargeError("its manifest is too large")
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise ValueError("manifest.json is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _OtherFormatError("manifest.json is of another format")
    return manifest


def _read_claims(manifest: dict[str, Any]) -> PackClaims:
    """What the manifest says. Raises KeyError, ValueError or TypeError for one that no program of ours wrote."""
    made_at = datetime.fromisoformat(_line(manifest["made_at"]))
    if made_at.tzinfo is None:
        raise ValueError("its moment has no zone")
    people = manifest["people"]
    if not isinstance(people, int) or not 0 <= people < 10**9:
        raise ValueError("its number of people is no number")
    key = manifest["key"]
    return PackClaims(
        _line(manifest["organisation"]), _line(manifest["team"]), date.fromisoformat(_line(manifest["day"])), people,
        made_at, _line(manifest["course"]["title"]), _line(key["public"]), _line(key["issuer"]),
    )  # fmt: skip


def _line(value: object) -> str:
    """A text of the manifest as one short line of letters that can be seen: anybody can have written it."""
    if not isinstance(value, str):
        raise TypeError("a text in its manifest is no text")
    return "".join(letter for letter in value if letter.isprintable())[:_MAX_LINE]


def _check_member(entry: dict[str, Any], data: bytes | None) -> PackFinding:
    name = str(entry["name"])
    if data is None:
        return PackFinding(False, f"{name} is missing.", "missing", name)
    if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
        return PackFinding(False, f"{name} was changed: its hash is not the one in the manifest.", "changed", name)
    return PackFinding(True, f"{name} is as it was made.", "unchanged", name)


def _check_signature(
    manifest: dict[str, Any], members: Mapping[str, bytes], trusted: Sequence[Key]
) -> tuple[PackFinding, bool]:
    """Whether the manifest is signed, and whether by one of the trusted keys."""
    if SIGNATURE not in members:
        return _refused_signature(f"{SIGNATURE} is missing, so nothing shows who made this pack.", "unsigned")
    public_bytes, made_at = (
        decode_multikey(str(manifest["key"]["public"])),
        datetime.fromisoformat(str(manifest["made_at"])),
    )
    key_text = encode_multikey(public_bytes)
    matching_keys = [key for key in trusted if key.public_bytes == public_bytes]
    if trusted and not matching_keys:
        return _refused_signature(
            f"{MANIFEST} is signed with the key {key_text}, which is not the issuer’s.", "key-of-another"
        )
    if matching_keys and not usable_keys(matching_keys, made_at):
        return _refused_signature(f"The key {key_text} was withdrawn before this pack was made.", "key-withdrawn")
    try:
        Ed25519PublicKey.from_public_bytes(public_bytes).verify(members[SIGNATURE], members[MANIFEST])
    except InvalidSignature:
        return _refused_signature(
            f"{SIGNATURE} does not fit {MANIFEST}: one of the two was changed.", "signature-wrong"
        )
    warning = (
        " It was withdrawn later, and only the pack itself says that it is older."
        if _any_withdrawn(matching_keys)
        else ""
    )
    finding = PackFinding(True, f"{MANIFEST} is signed with the key {key_text}.{warning}", "signed")
    return finding, bool(matching_keys)


def _refused_signature(sentence: str, code: FindingCode) -> tuple[PackFinding, bool]:
    return PackFinding(False, sentence, code), False


def _any_withdrawn(keys: Sequence[Key]) -> bool:
    return any(key.withdrawn_from is not None for key in keys)
