"""cmi5.xml: the course structure that a platform imports (section 13), with the address of this course."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

_NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
_LANGUAGE = "en-GB"


@dataclass(frozen=True)
class CourseDescription:
    """What is in the structure: the ids of course and unit, what they are called, where the unit is launched, and the score
    (0 to 1) from which it is passed."""

    course_id: str
    unit_id: str
    title: str
    description: str
    launch_address: str
    mastery_score: float


def course_structure(course: CourseDescription) -> bytes:
    """The file, in UTF-8. The unit opens in a window of its own, because no page of the course may be framed; a learner may
    move on who has both completed and passed it."""
    root = ET.Element("courseStructure", {"xmlns": _NAMESPACE})
    whole = ET.SubElement(root, "course", {"id": course.course_id})
    _texts(whole, course)
    unit = ET.SubElement(root, "au", {
        "id": course.unit_id, "moveOn": "CompletedAndPassed", "masteryScore": f"{course.mastery_score:g}",
        "launchMethod": "OwnWindow", "activityType": "http://adlnet.gov/expapi/activities/course",
    })  # fmt: skip
    _texts(unit, course)
    ET.SubElement(unit, "url").text = course.launch_address
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _texts(parent: ET.Element, course: CourseDescription) -> None:
    for name, text in (("title", course.title), ("description", course.description)):
        strings = ET.SubElement(parent, name)
        ET.SubElement(strings, "langstring", {"lang": _LANGUAGE}).text = text
