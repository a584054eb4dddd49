"""cmi5.xml: the course structure that a platform imports (section 13), with the address of this course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree as ET

_NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
_TYPES = "http://adlnet.gov/expapi/activities/"
_LANGUAGE = "en-GB"


@dataclass(frozen=True)
class StructureEntry:
    """The id of a course, block or unit, and what it is called."""

    id: str
    title: str
    description: str


@dataclass(frozen=True)
class StructureUnit(StructureEntry):
    """An assignable unit: where it is launched, by what a learner may move on, and the score (0 to 1) from which it is passed; None
    if a score is not what counts."""

    launch_address: str
    move_on: Literal["Completed", "CompletedAndPassed"]
    mastery_score: float | None
    kind: Literal["course", "module"] = "course"


@dataclass(frozen=True)
class CourseDescription(StructureEntry):
    """What is in the structure: units of their own, and a block of units with its title, if there are any."""

    units: Sequence[StructureUnit] = ()
    block: StructureEntry | None = None
    block_units: Sequence[StructureUnit] = field(default=())


def course_structure(course: CourseDescription) -> bytes:
    """The file, in UTF-8. Units open in a window of their own, because no page of the course may be framed."""
    root = ET.Element("courseStructure", {"xmlns": _NAMESPACE})
    _texts(ET.SubElement(root, "course", {"id": course.id}), course)
    for unit in course.units:
        _unit(root, unit)
    if course.block is not None and course.block_units:
        block = ET.SubElement(root, "block", {"id": course.block.id})
        _texts(block, course.block)
        for unit in course.block_units:
            _unit(block, unit)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _unit(parent: ET.Element, unit: StructureUnit) -> None:
    attributes = {"id": unit.id, "moveOn": unit.move_on}
    if unit.mastery_score is not None:
        attributes["masteryScore"] = f"{unit.mastery_score:g}"
    attributes |= {"launchMethod": "OwnWindow", "activityType": f"{_TYPES}{unit.kind}"}
    element = ET.SubElement(parent, "au", attributes)
    _texts(element, unit)
    ET.SubElement(element, "url").text = unit.launch_address


def _texts(parent: ET.Element, entry: StructureEntry) -> None:
    for name, text in (("title", entry.title), ("description", entry.description)):
        strings = ET.SubElement(parent, name)
        ET.SubElement(strings, "langstring", {"lang": _LANGUAGE}).text = text
