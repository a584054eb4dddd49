"""The manifest of a SCORM package (imsmanifest.xml) in both versions, and the names of the files in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Version = Literal["1.2", "2004"]
VERSIONS: tuple[Version, ...] = ("1.2", "2004")
MANIFEST = "imsmanifest.xml"
LAUNCH = "index.html"
# Some systems unpack to case-blind disks or refuse other characters.
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# The namespaces of each version: prefix (empty: that of the manifest itself), namespace and schema file. ADL and IMS hold
# the rights in the schema files, so a package has them only where whoever makes it has them.
NAMESPACES: dict[Version, tuple[tuple[str, str, str], ...]] = {
    "1.2": (
        ("", "http://www.imsproject.org/xsd/imscp_rootv1p1p2", "imscp_rootv1p1p2.xsd"),
        ("adlcp", "http://www.adlnet.org/xsd/adlcp_rootv1p2", "adlcp_rootv1p2.xsd"),
    ),
    "2004": (
        ("", "http://www.imsglobal.org/xsd/imscp_v1p1", "imscp_v1p1.xsd"),
        ("adlcp", "http://www.adlnet.org/xsd/adlcp_v1p3", "adlcp_v1p3.xsd"),
        ("adlseq", "http://www.adlnet.org/xsd/adlseq_v1p3", "adlseq_v1p3.xsd"),
        ("adlnav", "http://www.adlnet.org/xsd/adlnav_v1p3", "adlnav_v1p3.xsd"),
        ("imsss", "http://www.imsglobal.org/xsd/imsss", "imsss_v1p0.xsd"),
    ),
}
SCHEMA_VERSIONS: dict[Version, str] = {"1.2": "1.2", "2004": "2004 4th Edition"}


@dataclass(frozen=True)
class ManifestFacts:
    """What a manifest says: `identifier` is an XML name, `pass_mark` per cent, `files` all other files of the package."""

    version: Version
    identifier: str
    title: str
    pass_mark: int
    files: tuple[str, ...]


def missing_schemas(version: Version, names: Sequence[str]) -> list[str]:
    """The schema files that a manifest of this version refers to and that are not among `names`."""
    return [file for _prefix, _namespace, file in NAMESPACES[version] if file not in names]


def unfit_names(files: Sequence[str]) -> list[str]:
    """The names that not every system unpacks: with capitals, spaces or letters beyond ASCII."""
    return [name for name in files if not FILE_NAME.fullmatch(name)]


def manifest(facts: ManifestFacts) -> str:
    """The manifest as XML: one item, one resource (the SCO), and every file of the package.

    It names schema files only if all of them are among the files.
    """
    spaces = NAMESPACES[facts.version]
    names = [f"xmlns{':' if prefix else ''}{prefix}={quoteattr(space)}" for prefix, space, _file in spaces]
    if not missing_schemas(facts.version, facts.files):
        places = " ".join(f"{space} {file}" for _prefix, space, file in spaces)
        names += [f"xmlns:xsi={quoteattr(XSI)}", f"xsi:schemaLocation={quoteattr(places)}"]
    title = f"<title>{escape(facts.title)}</title>"
    files = "".join(f"\n      <file href={quoteattr(name)}/>" for name in facts.files)
    kind = "adlcp:scormtype" if facts.version == "1.2" else "adlcp:scormType"
    whole, item = ("", "") if facts.version == "1.2" else (_CHOICE, _objective(facts.pass_mark))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier={quoteattr(facts.identifier)} version="1.0" {" ".join(names)}>
  <metadata><schema>ADL SCORM</schema><schemaversion>{SCHEMA_VERSIONS[facts.version]}</schemaversion></metadata>
  <organizations default="organization">
    <organization identifier="organization">
      {title}
      <item identifier="item" identifierref="sco" isvisible="true">
        {title}{item}
      </item>{whole}
    </organization>
  </organizations>
  <resources>
    <resource identifier="sco" type="webcontent" {kind}="sco" href="{LAUNCH}">{files}
    </resource>
  </resources>
</manifest>
"""


_CHOICE = """
      <imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>"""


def _objective(pass_mark: int) -> str:
    # Not satisfied by the measure alone: whoever misses a safety-critical point has not passed, whatever the score.
    return f"""
        <imsss:sequencing>
          <imsss:objectives>
            <imsss:primaryObjective objectiveID="pass" satisfiedByMeasure="false">
              <imsss:minNormalizedMeasure>{pass_mark / 100:.2f}</imsss:minNormalizedMeasure>
            </imsss:primaryObjective>
          </imsss:objectives>
          <imsss:deliveryControls completionSetByContent="true" objectiveSetByContent="true"/>
        </imsss:sequencing>"""
