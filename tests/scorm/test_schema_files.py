"""The schema files of SCORM, installed once by whoever runs the course, and then in every package."""

from __future__ import annotations

import gzip
import io
import json
import ssl
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from lxml import etree
from sqlalchemy import delete, select, update

from course.audit.models import AuditEntry
from course.clock import now
from course.scorm.models import ScormSchemaFile
from course.scorm.queries import installed_schemas
from course.scorm.rules import schema_files as rules
from course.scorm.rules.manifest import VERSIONS, Version
from course.scorm.schema_installation import fetch_archive, files_at, store
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.scorm.conftest import PACKAGE_FOLDER, schema_folder
from tests.support.racing import at_once
from tests.webhooks.receiver import write_authority

PACKAGE_ADDRESS = "/system/scorm?scorm=2004&pathway=clubs&nation=wales&module=new-partners"


def archive(files: dict[str, bytes]) -> bytes:
    """An archive as npm makes them."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def npm_archive(npm: Path) -> bytes:
    """The package of npm as an archive, put together from what was installed."""
    folder = npm / PACKAGE_FOLDER
    return archive({
        f"package/{path.relative_to(folder)}": path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file()
    })  # fmt: skip


@contextmanager
def registry(folder: Path, answers: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, str]]:
    """A registry at https://localhost that has these files: its address, and the file of authorities to trust."""
    trusted, served = write_authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b"none"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}", str(trusted)
        server.shutdown()


def test_the_package_is_the_one_that_the_tests_install() -> None:
    locked = json.loads((Path(__file__).with_name("npm") / "package-lock.json").read_text())["packages"]
    found = locked[f"node_modules/{rules.PACKAGE.name}"]
    assert (found["version"], found["integrity"]) == (rules.PACKAGE.version, rules.PACKAGE.integrity)


def test_only_whole_sets_of_the_right_files_are_taken(npm: Path, tmp_path: Path) -> None:
    data = npm_archive(npm)
    files = rules.archive_files(data)
    # The package has files of another edition under the same names: the checksums tell which ones are meant.
    assert len([name for name, _content in files if name == "imscp_v1p1.xsd"]) == 2
    sets = rules.verified_set(files)
    assert {version: set(found) for version, found in sets.items()} == {
        version: set(rules.CHECKSUMS[version]) for version in VERSIONS
    }
    (tmp_path / "package.tgz").write_bytes(data)
    assert files_at(tmp_path / "package.tgz") == files_at(npm / PACKAGE_FOLDER) == sets
    without = [one for one in files if one[0] != "ims_xml.xsd"]
    many = archive({f"package/{number}": b"" for number in range(rules.MAX_ENTRIES + 1)})
    long = archive({"package/xml.xsd": b" " * (rules.MAX_FILE_BYTES + 1)})
    for wrong, words in (
        (lambda: rules.verified_set(without), r"not in it: ims_xml\.xsd \(1\.2\)$"),
        (lambda: rules.verified_set([*without, ("ims_xml.xsd", b"<other/>")]), r"SHA-256.*: ims_xml\.xsd \(1\.2\)$"),
        (lambda: rules.verified_set([]), r"adlcp_rootv1p2\.xsd \(1\.2\).* and 18 more$"),
        (lambda: rules.archive_files(b"PK not a tar"), "no .tgz archive"),
        (lambda: rules.archive_files(data[: len(data) // 2]), "damaged"),
        (lambda: rules.archive_files(many), "much larger"),
        (lambda: rules.archive_files(gzip.compress(b"\0" * 60_000_000, 1)), "much larger"),
        (lambda: rules.archive_files(gzip.compress(b"no tar at all")), "no .tgz archive"),
        (lambda: rules.verified_set(rules.archive_files(long)), "not in it"),
        (lambda: files_at(tmp_path / "gone.tgz"), "no file"),
        (lambda: files_at(Path("/dev/zero")), "no file"),
        (lambda: fetch_archive(rules.PACKAGE, "https://[::1"), "is not an address"),
    ):
        with pytest.raises(rules.SchemaFilesError, match=words):
            wrong()


def test_a_registry_is_believed_only_as_far_as_the_checksum(tmp_path: Path, npm: Path) -> None:
    data = npm_archive(npm)
    package = rules.NpmPackage("schemas", "1.0.0", "")
    checked = replace(package, integrity=rules.integrity_of(data))
    other = replace(package, name="other", integrity=checked.integrity)
    huge = replace(checked, name="huge")
    answers = {
        "/npm/schemas/-/schemas-1.0.0.tgz": (200, data),
        "/npm/other/-/other-1.0.0.tgz": (200, data + b"\0"),
        "/npm/huge/-/huge-1.0.0.tgz": (200, b"\0" * (rules.MAX_ARCHIVE_BYTES + 1)),
    }
    with registry(tmp_path, answers) as (address, trusted):
        assert fetch_archive(checked, f"{address}/npm/", trusted) == data
        for wrong, place, words in (
            (other, f"{address}/npm", "SHA-512"),
            (huge, f"{address}/npm", "SHA-512"),
            (checked, address, "status 404"),
            (checked, address.replace("https", "http"), "cannot be asked"),
        ):
            with pytest.raises(rules.SchemaFilesError, match=words):
                fetch_archive(wrong, place, trusted)
        with pytest.raises(rules.SchemaFilesError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch_archive(checked, f"{address}/npm")
    with pytest.raises(rules.SchemaFilesError, match="was not fetched"):
        fetch_archive(checked, address, trusted)


@dataclass(frozen=True)
class Installation:
    """A course in which commands run, with a folder for what they write and the folder that has the schema files."""

    app: Flask
    source: Path
    folder: Path

    def run(self, *words: str, answer: str | None = None) -> Result:
        return self.app.test_cli_runner().invoke(args=["content", *words], input=answer)

    def install(self, *more: str, answer: str | None = None) -> Result:
        return self.run("schemas", "install", "--from", str(self.source), *more, answer=answer)

    def export(self, version: Version, name: str) -> tuple[str, dict[str, bytes]]:
        """What the command says, and the files of the package that it writes."""
        variant = ("--pathway", "clubs", "--nation", "wales", "--module", "new-partners")
        done = self.run("export", *variant, "--scorm", version, "-o", str(self.folder / name))
        assert done.exit_code == 0, done.output
        found = zipfile.ZipFile(self.folder / name)
        return done.output, {one: found.read(one) for one in found.namelist()}

    def administrator(self) -> Client:
        with self.app.app_context(), unit_of_work() as session:
            make_organisation(session)
            boss = make_person(session, role="administrator", email="boss@example.org")
        return sign_in(Client(self.app), boss)

    def events(self) -> list[str]:
        with self.app.app_context(), read_only_session() as session:
            kinds = select(AuditEntry.what).where(AuditEntry.what.like("content.schemas%")).order_by(AuditEntry.number)
            return [str(one).rpartition("_")[2] for one in session.execute(kinds).scalars()]


def test_once_installed_every_package_has_the_files_on_the_page_and_by_command(
    fresh_app: Flask, npm: Path, tmp_path: Path
) -> None:
    course = Installation(fresh_app, npm / PACKAGE_FOLDER, tmp_path)
    client = course.administrator()
    assert "comes without schema files" in client.get("/system/scorm").text
    said, bare = course.export("2004", "a.zip")
    assert "content schemas install" in said
    assert b"schemaLocation" not in bare["imsmanifest.xml"]
    refused = course.install(answer="n\n")
    assert refused.exit_code == 1
    assert "to register with it" in refused.output
    assert course.events() == []
    assert "21 schema files are installed" in course.install(answer="y\n").output
    for version in VERSIONS:
        said, made = course.export(version, f"{version}.zip")
        assert "content schemas install" not in said
        assert {name for name in made if name.endswith((".xsd", ".dtd"))} == set(rules.CHECKSUMS[version])
        assert all(made[name] == (schema_folder(npm, version) / name).read_bytes() for name in rules.CHECKSUMS[version])
        manifest = etree.fromstring(made["imsmanifest.xml"])
        assert {one.get("href") for one in manifest.iterfind(".//{*}file")} == made.keys() - {"imsmanifest.xml"}
        assert b"schemaLocation" in made["imsmanifest.xml"]
    assert "are inside" in client.get("/system/scorm").text
    from_page = zipfile.ZipFile(io.BytesIO(client.get(PACKAGE_ADDRESS).body))
    assert from_page.read("xml.xsd") == (schema_folder(npm, "2004") / "xml.xsd").read_bytes()
    assert "21 schema files were removed" in course.run("schemas", "remove").output
    assert "There are no schema files here" in course.run("schemas", "remove").output
    assert "comes without schema files" in client.get("/system/scorm").text
    assert course.events() == ["installed", "removed"]


def test_two_hosts_at_once_and_damage_end_in_the_right_files(committed: Flask, npm: Path, tmp_path: Path) -> None:
    course = Installation(committed, npm / PACKAGE_FOLDER, tmp_path)
    (course.folder / "empty").mkdir()
    refused = course.run("schemas", "install", "--yes", "--from", str(course.folder / "empty"))
    assert (refused.exit_code, "Nothing was installed" in refused.output) == (1, True)
    files = files_at(course.source)

    def put() -> int:
        with course.app.app_context():
            return int(store(files, "npm", now()))

    assert 1 <= sum(at_once([put] * 2)) <= 2
    count = len(course.events())
    assert "installed already" in course.install("--yes").output
    assert len(course.events()) == count
    # A file that somebody changed in the database is put right; what lacks one file is not half there.
    with course.app.app_context(), unit_of_work() as session:
        assert len(session.execute(select(ScormSchemaFile.id)).all()) == 21
        session.execute(update(ScormSchemaFile).values(content=b"<other/>"))
    assert "21 schema files are installed" in course.install("--yes").output
    with course.app.app_context(), unit_of_work() as session:
        session.execute(delete(ScormSchemaFile).where(ScormSchemaFile.name == "imsss_v1p0.xsd"))
        assert installed_schemas(session, "2004") == {}
        assert installed_schemas(session, "1.2") == files["1.2"]
    assert "21 schema files are installed" in course.install("--yes").output
