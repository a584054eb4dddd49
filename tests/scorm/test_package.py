"""The package as a file: valid by the schemas of both versions, complete, without anything of the server or the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from lxml import etree

from course.content.library import Library
from course.content.schema import SETTINGS
from course.scorm.rules.manifest import (
    NAMESPACES,
    VERSIONS,
    ManifestFacts,
    Version,
    manifest,
    missing_schemas,
    unfit_names,
)
from tests.scorm.conftest import Package, packed, schema_folder

MOST_BYTES = 3_000_000
FACTS: dict[str, Any] = {
    "identifier": "course-school-wales",
    "title": "Fish & “chips” <1>",
    "pass_mark": 80,
    "files": ("index.html", "a/b.js"),
}
LMS_ADDRESS = re.compile(rb"""(?:src|href)=["']?(?:/|https?:)""")
WEB_LINK = re.compile(rb'<a [^>]*href="https?://[^"]*" target="_blank" rel="noopener noreferrer">')
INLINE = re.compile(rb"""<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:""")


def validator(version: Version, folder: Path) -> etree.XMLSchema:
    """The schemas of a version together: a manifest uses names of each of them."""
    imports = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{(folder / file).as_uri()}"/>'
        for _, space, file in NAMESPACES[version]
    )
    wrapper = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(wrapper, etree.XMLParser(no_network=True)))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_is_valid_and_the_schemas_refuse_a_wrong_one(version: Version, npm: Path) -> None:
    folder = schema_folder(npm, version)
    files = tuple(path.name for path in folder.glob("*.xsd"))
    schema = validator(version, folder)
    good = manifest(ManifestFacts(version=version, **{**FACTS, "files": (*FACTS["files"], *files)}))
    assert schema.validate(etree.fromstring(good.encode())), schema.error_log
    assert "xsi:schemaLocation" in good
    bare = manifest(ManifestFacts(version=version, **FACTS))
    assert schema.validate(etree.fromstring(bare.encode())), schema.error_log
    assert "schemaLocation" not in bare
    assert missing_schemas(version, FACTS["files"])
    kind = 'adlcp:scormtype="sco"' if version == "1.2" else 'adlcp:scormType="sco"'
    for wrong in (
        good.replace(kind, kind.replace('sco"', 'unit"')),
        good.replace("<title>", "<name>").replace("</title>", "</name>"),
    ):
        assert wrong != good
        assert not schema.validate(etree.fromstring(wrong.encode()))
    title = etree.fromstring(good.encode()).findtext(".//{*}item/{*}title")
    assert title == FACTS["title"]
    assert ("minNormalizedMeasure>0.80<" in good) == (version == "2004")


def test_the_names_in_a_package_are_those_that_every_system_unpacks() -> None:
    assert unfit_names(["index.html", "js/a-b.js", "data/m1.json"]) == []
    bad = ["A.html", "a b.html", "é.html", "../x", "/x", "a//b", ""]
    assert unfit_names(bad) == bad


def test_the_manifest_names_every_file_and_is_valid_by_the_schemas_inside(package: Package, tmp_path: Path) -> None:
    for name, data in package.files.items():
        if name.endswith(".xsd"):
            (tmp_path / name).write_bytes(data)
    document = etree.fromstring(package.files["imsmanifest.xml"])
    schema = validator("1.2", tmp_path)
    assert schema.validate(document), schema.error_log
    listed = [one.get("href") for one in document.iterfind(".//{*}file")]
    assert sorted(listed) == sorted(package.files.keys() - {"imsmanifest.xml"})
    assert document.find(".//{*}resource").get("href") in listed
    assert next(iter(package.files)) == "imsmanifest.xml"
    assert unfit_names(list(package.files)) == []
    assert len(package.data) <= MOST_BYTES


def test_nothing_in_a_package_is_inline_or_from_elsewhere(package: Package) -> None:
    shown = {name: data for name, data in package.files.items() if name.endswith((".html", ".json"))}
    assert len(shown) > 50
    for name, data in shown.items():
        text = data.replace(b'\\"', b'"')
        assert not INLINE.search(text), (name, INLINE.search(text))
        assert not [word for word in (b"csrf", b"form_key") if word in data], name
        rest = WEB_LINK.sub(b"", text)
        assert not LMS_ADDRESS.search(rest), (name, LMS_ADDRESS.search(rest))
        assert b"not filled in yet" not in data, name
        for link in re.findall(rb'href="#/([^"]*)"', text):
            module, _, step = link.decode().partition("/")
            if module not in ("", "-concern"):
                steps = next(m["steps"] for m in package.json("course.json")["modules"] if m["id"] == module)
                assert step in [one["id"] for one in steps], (name, link)
    for name in (name for name in package.files if name.endswith(".js")):
        for found in re.findall(rb'from "\./([a-z-]+\.js)"', package.files[name]):
            assert f"js/{found.decode()}" in package.files, (name, found)
    styles = package.files["css/site.css"].decode()
    for found in re.findall(r"url\(([^)]*)\)", styles):
        assert found.startswith(("data:", '"data:', "#")) or found.replace("../", "") in package.files, found


def test_the_same_course_gives_the_same_bytes_and_one_module_is_a_package_of_its_own(
    course_app: Flask, library: Library, npm: Path
) -> None:
    once, again = (packed(course_app, library, "2004", "responding") for _ in range(2))
    assert once.data == again.data
    assert {m["id"] for m in once.json("course.json")["modules"]} == {"responding"}
    assert not [name for name in once.files if name.startswith("pages/") and not name.startswith("pages/responding/")]
    assert not [name for name in once.files if name.endswith(".xsd")]
    schema = validator("2004", schema_folder(npm, "2004"))
    assert schema.validate(etree.fromstring(once.files["imsmanifest.xml"])), schema.error_log
    with course_app.test_request_context(), pytest.raises(LookupError, match="no-such"):
        packed(course_app, library, "2004", "no-such")


def test_every_pathway_and_nation_has_its_own_story_and_numbers(course_app: Flask) -> None:
    whole: Library = course_app.extensions["course"].library
    stories: set[str] = set()
    for pathway, nation in zip(SETTINGS, ["england", "wales", "scotland", "northern-ireland"] * 2, strict=False):
        made = packed(course_app, whole.for_(pathway, nation), "1.2", "staff-online")  # type: ignore[arg-type]
        found: dict[str, Any] = made.json("modules/staff-online.json")
        stories |= found["stories"].keys()
        start = made.files["index.html"].decode()
        routes = [route for route in whole.help.routes if route.phone and route.phone != "999"]
        for route in routes:
            assert (str(route.phone) in start) == (nation in route.nations) or any(
                other.phone == route.phone and nation in other.nations for other in routes
            ), (nation, route.id)
    assert len(stories) > 2


def test_the_command_writes_a_package_and_says_what_it_lacks(course_app: Flask, npm: Path, tmp_path: Path) -> None:
    run = course_app.test_cli_runner().invoke
    target = tmp_path / "module.zip"
    asked = ["content", "export", "--scorm", "2004", "-o", str(target), "--pathway", "clubs", "--nation", "scotland"]
    done = run(args=[*asked, "--module", "new-partners", "--schemas", str(schema_folder(npm, "2004"))])
    assert done.exit_code == 0, done.output
    assert "The answers to all questions are inside" in done.output
    assert target.stat().st_mode & 0o777 == 0o600
    cases = [
        (asked, "is there already"),
        ([*asked[:4], *asked[6:]], "needs -o FILE"),
        (["content", "export", "--pathway", "clubs"], "--scorm 1.2 or --scorm 2004"),
        ([*asked[:5], str(tmp_path / "c.zip"), *asked[6:], "--module", "nothing"], "There is no module “nothing”"),
        ([*asked[:5], str(tmp_path / "d.zip"), *asked[6:], "--schemas", str(tmp_path)], "imscp_v1p1.xsd"),
        ([*asked[:3], "1.3", *asked[4:]], "1.3"),
        ([*asked[:5], str(tmp_path / "e.zip"), *asked[6:], "--language", "xx"], "There is no language “xx” here"),
    ]
    for arguments, words in cases:
        refused = run(args=arguments)
        assert refused.exit_code != 0, arguments
        assert words in refused.output, arguments
    assert [path.name for path in tmp_path.iterdir()] == ["module.zip"]
    # Without --scorm it is the question bank, as before.
    assert '"id"' in run(args=["content", "export", "--format", "json"]).output
