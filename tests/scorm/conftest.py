"""A package of the whole course, made once, with what is in it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from course.content.library import Library
from course.scorm.package import make_package
from course.scorm.rules.manifest import Version
from course.scorm.rules.schema_files import PACKAGE
from tests.conftest import make_app
from tests.support.verifiers import install_packages

PACKAGE_FOLDER = f"node_modules/{PACKAGE.name}"
SCHEMA_FOLDERS: dict[Version, str] = {"1.2": "scorm12edition", "2004": "scorm20044thedition"}


@dataclass(frozen=True)
class Package:
    """A package as a zip file, and its files by name."""

    data: bytes
    files: dict[str, bytes]

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder with the npm packages of these tests: a learning platform, and the schema files of both versions."""
    return install_packages(Path(__file__).with_name("npm"))


def schema_folder(npm: Path, version: Version) -> Path:
    return npm / PACKAGE_FOLDER / "lib/schemas/definitionFiles" / SCHEMA_FOLDERS[version]


def packed(
    app: Flask,
    library: Library,
    version: Version,
    module: str | None = None,
    schemas: Path | None = None,
    language: str = "en",
) -> Package:
    found = {path.name: path.read_bytes() for path in schemas.glob("*.xsd")} if schemas else {}
    with app.test_request_context():
        data = make_package(library, version, module, found, language)
    archive = zipfile.ZipFile(BytesIO(data))
    return Package(data, {name: archive.read(name) for name in archive.namelist()})


@pytest.fixture(scope="session")
def course_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with a database that does not exist: making a package reads the content alone."""
    return make_app(f"sqlite:///{tmp_path_factory.mktemp('scorm') / 'none.db'}")


@pytest.fixture(scope="session")
def library(course_app: Flask) -> Library:
    whole: Library = course_app.extensions["course"].library
    return whole.for_("school", "england")


@pytest.fixture(scope="session")
def package(course_app: Flask, library: Library, npm: Path) -> Package:
    """The whole course, with schema files."""
    return packed(course_app, library, "1.2", schemas=schema_folder(npm, "1.2"))
