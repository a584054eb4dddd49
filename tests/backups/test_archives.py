"""Backups as one file: made while others write, read back, encrypted, restored on another machine, and refused if damaged."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from course.backups.actions import dumps
from course.backups.actions.archives import new_identity, unpacked, verify_unpacked
from course.backups.actions.sqlite_copies import copy_sqlite
from course.backups.queries import table_counts
from course.backups.rules import BackupFailedError, BackupManifest, read_manifest
from course.schema_upgrade import newest_revision
from course.sqlite_file import sidecar_path
from tests.backups.conftest import KEY, PASSWORD, SAID
from tests.backups.test_backups import killed
from tests.conftest import make_config
from tests.pages import Client

Elsewhere = Callable[..., Flask]


def flask(app: Flask, *arguments: object) -> Result:
    """Runs a command, as if its process had just begun and ended with it."""
    app.extensions["course.opening"]._is_done = False
    done = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
    app.extensions["course"].engine.dispose()
    assert "Traceback" not in done.output
    return done


def backed_up(app: Flask, file: Path) -> Path:
    done = flask(app, "backup", "create", file)
    assert done.exit_code == 0, done.output
    return file


def encrypting(app: Flask, *recipients: str) -> Flask:
    state = app.extensions["course"]
    app.extensions["course"] = replace(state, config=replace(state.config, backup_recipients=recipients))
    return app


def counts(app: Flask) -> dict[str, int]:
    with app.extensions["course"].engine.connect().execution_options(writes=False) as connection:
        return table_counts(connection)


def engine_name(app: Flask) -> str:
    return str(app.extensions["course"].engine.dialect.name)


def runs(app: Flask) -> None:
    """The course works on the restored database: people sign in, certificates are found and can be signed."""
    client = Client(app)
    client.post("/sign-in", {"email": "bea@example.org", "password": PASSWORD})
    assert "Bea Beispiel" in client.get("/").html
    for one in SAID["certificates"]:
        assert one["name"] in client.get(f"/verify/{one['number']}").text
    number = SAID["certificates"][-1]["number"]
    done = flask(app, "certificates", "reissue", number, "--name", "Another Name", "--reason", "A test of the key")
    assert done.exit_code == 0, done.output
    done = flask(app, "credentials", "sign-missing")
    assert "Warning" not in done.stderr, done.output
    assert flask(app, "audit", "verify").exit_code == 0


def test_a_backup_is_restored_on_another_machine_by_one_command_and_the_course_runs(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file = backed_up(lived, tmp_path / "backup.tar.gz")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = counts(lived)
    other = elsewhere(engine_name(lived))
    (tmp_path / "former-key").write_text(KEY + "\n", encoding="utf-8")
    done = flask(other, "backup", "restore", file, "--key-file", tmp_path / "former-key")
    assert done.exit_code == 0, done.output
    assert "is restored and sound; its log is as it was written" in done.stdout
    assert "Warning" not in done.stderr
    after = counts(other)
    # The entries of the log and the row that say that a backup was made and restored came later than the backup.
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"backup": -1}
    key_file = Path(other.extensions["course"].config.secret_key_file)
    assert key_file.read_text(encoding="utf-8") == KEY
    (kept,) = key_file.parent.glob("key.before-restore-*")
    assert "made-on-the-other-machine" in kept.read_text(encoding="utf-8")
    runs(other)


def test_an_encrypted_backup_brings_the_secret_key_and_the_content_along(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    identity = tmp_path / "identity"
    public = flask(lived, "backup", "new-key", identity).stdout.strip()
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    assert flask(lived, "backup", "new-key", identity).exit_code == 1, "a key is never overwritten"
    file = backed_up(encrypting(lived, public), tmp_path / "backup.tar.gz.age")
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n")
    for secret in (KEY, "Bea Beispiel", "manifest.json"):
        assert secret.encode() not in file.read_bytes()
    refused = flask(lived, "backup", "verify", file)
    assert (refused.exit_code, "--identity" in refused.stderr) == (1, True), refused.output
    (tmp_path / "other").write_text(new_identity()[0], encoding="utf-8")
    refused = flask(lived, "backup", "verify", file, "--identity", tmp_path / "other")
    assert (refused.exit_code, "cannot be decrypted" in refused.stderr) == (1, True), refused.output
    done = flask(lived, "backup", "verify", file, "--identity", identity)
    assert (done.exit_code, f"schema {newest_revision()}" in done.stdout) == (0, True), done.output
    other = elsewhere(engine_name(lived))
    content = tmp_path / "content"
    done = flask(other, "backup", "restore", file, "--identity", identity, "--content", content)
    assert done.exit_code == 0, done.output
    runs(other)
    ours = lived.extensions["course"].config.content
    for path in (path for path in ours.rglob("*.md") if path.is_file()):
        assert (content / path.relative_to(ours)).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == [], "nothing is left over"


def test_a_restore_asks_for_the_secret_key_before_anything_is_changed(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file = backed_up(lived, tmp_path / "backup.tar.gz")
    other = elsewhere(engine_name(lived))
    done = flask(other, "backup", "restore", file)
    assert (done.exit_code, "--key-file FILE" in done.stderr) == (1, True), done.output
    wrong = tmp_path / "wrong"
    wrong.write_text("another key that is quite long enough, but no use", encoding="utf-8")
    assert "--key-file FILE" in flask(other, "backup", "restore", file, "--key-file", wrong).stderr
    if engine_name(other) == "sqlite":
        assert not (tmp_path / "elsewhere" / "course.db").exists()
    else:
        assert counts(other) == {}
    done = flask(other, "backup", "restore", file, "--without-key")
    assert done.exit_code == 0, done.output
    assert "SECRET_KEY is not the key that this database was used with" in done.stderr
    assert flask(other, "system", "accept-key", "--reason", "It is lost").exit_code == 0


@pytest.mark.parametrize("lived", ["sqlite"], indirect=True)
def test_nothing_is_restored_if_the_secret_key_cannot_be_put_in_place(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """Such as into a folder of root; here the name is too long for the file that is written first."""
    file, key = tmp_path / "backup.tar.gz", tmp_path / "elsewhere" / ("k" * 250)
    backed_up(lived, file)
    (tmp_path / "former-key").write_text(KEY, encoding="utf-8")
    key.write_text("the-key-that-was-made-on-the-other-machine-42", encoding="utf-8")
    done = flask(elsewhere(SECRET_KEY_FILE=str(key)), "backup", "restore", file, "--key-file", tmp_path / "former-key")
    assert (done.exit_code, "Nothing was changed" in done.stderr) == (1, True), done.output
    assert sorted(path.name for path in key.parent.iterdir()) == ["key", key.name]


def test_a_database_that_holds_people_is_not_replaced_unless_that_is_said(
    lived: Flask, elsewhere: Elsewhere, archived_file: Path, tmp_path: Path
) -> None:
    file = backed_up(lived, tmp_path / "backup.tar.gz")
    before = counts(lived)
    done = flask(lived, "backup", "restore", file)
    assert (done.exit_code, "Nothing was changed" in done.stderr) == (1, True) or (
        "nothing was changed. A backup is restored into an empty database only" in done.stderr
    ), done.output
    assert counts(lived) == before
    if engine_name(lived) == "postgresql":
        assert flask(lived, "backup", "restore", "--replace", file).exit_code == 1, "not even then"
        assert counts(lived) == before
        return
    # A course that was started and never set up holds nothing that anybody would miss.
    other = elsewhere(SECRET_KEY=KEY)
    shutil.copy(archived_file, tmp_path / "elsewhere" / "course.db")
    assert flask(other, "backup", "restore", file).exit_code == 0


def test_a_wal_file_that_was_left_behind_spoils_no_restore(
    lived_file: Path, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    other = elsewhere(SECRET_KEY=KEY)
    database = tmp_path / "elsewhere" / "course.db"
    shutil.copy(lived_file, database)
    file = backed_up(other, tmp_path / "backup.tar.gz")
    killed(database)
    wal = sidecar_path(database, "-wal").read_bytes()
    database.unlink()
    sidecar_path(database, "-wal").write_bytes(wal)
    done = flask(other, "backup", "restore", file)
    assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("select count(*) from person where name = 'Written last'").fetchone() == (0,)
        assert opened.execute("pragma integrity_check").fetchone() == ("ok",)
    # Beside a plain copy it belongs to the copy.
    plain = Path(shutil.copy(lived_file, tmp_path / "plain.db"))
    killed(plain)
    (tmp_path / "secret-key").write_text("a key of something else that lies there too", encoding="utf-8")
    done = flask(other, "backup", "restore", "--replace", plain)
    assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("select count(*) from person where name = 'Written last'").fetchone() == (7,)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_backup_that_was_cut_off_or_changed_anywhere_is_noticed(
    archived_file: Path, elsewhere: Elsewhere, tmp_path: Path, encrypted: bool
) -> None:
    app = elsewhere(SECRET_KEY=KEY)
    shutil.copy(archived_file, tmp_path / "elsewhere" / "course.db")
    secret, public = new_identity()
    if encrypted:
        encrypting(app, public)
    sound = backed_up(app, tmp_path / "sound").read_bytes()
    places = [len(sound) * part // 10 for part in range(1, 10)]
    damaged = [sound[:place] for place in places]
    damaged += [sound[:place] + bytes([sound[place] ^ 0x41]) + sound[place + 1 :] for place in places]
    file = tmp_path / "damaged"
    for content in damaged:
        file.write_bytes(content)
        with pytest.raises(BackupFailedError), unpacked(file, [secret]) as backup:
            verify_unpacked(backup)
    file.write_bytes(sound)
    with unpacked(file, [secret]) as backup:
        assert verify_unpacked(backup).revision == newest_revision()


def manifest_of(file: Path) -> BackupManifest:
    with unpacked(file, []) as backup:
        assert backup.manifest is not None
        return backup.manifest


def packed(file: Path, manifest: str, **members: bytes) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for name, content in {"manifest.json": manifest.encode(), **members}.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def test_a_backup_writes_nothing_outside_of_its_folder_and_nothing_that_is_not_in_its_manifest(
    archived_file: Path, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    app = elsewhere(SECRET_KEY=KEY)
    shutil.copy(archived_file, tmp_path / "elsewhere" / "course.db")
    text = manifest_of(backed_up(app, tmp_path / "sound")).to_json()
    values = json.loads(text)
    for name in ("../outside", "/etc/outside", "content/../../outside", "content/..", ".", ""):
        with pytest.raises(BackupFailedError, match="files outside of it"):
            read_manifest(json.dumps(values | {"members": {name: {"size": 1, "sha256": ""}}}))
    with pytest.raises(BackupFailedError, match="newer version"):
        read_manifest(json.dumps(values | {"format": 2}))
    for wrong in ("", "[]", "{}", '{"format": 1}', json.dumps(values | {"members": [1]})):
        with pytest.raises(BackupFailedError, match="manifest cannot be read"):
            read_manifest(wrong)
    for file in (packed(tmp_path / "more", text, content__more=b"x"), packed(tmp_path / "none", text)):
        with (
            pytest.raises(BackupFailedError, match=r"which its manifest does not name|is not complete"),
            unpacked(file, []),
        ):
            pass
    newer = packed(tmp_path / "newer", json.dumps(values | {"members": {}, "revision": "9999"}))
    with pytest.raises(BackupFailedError, match="belongs to a newer version"), unpacked(newer, []) as backup:
        verify_unpacked(backup)
    assert not (tmp_path.parent / "outside").exists()


def test_a_backup_says_what_is_in_it_and_no_secret(lived: Flask, tmp_path: Path) -> None:
    with_password = replace(
        lived.extensions["course"],
        config=replace(lived.extensions["course"].config, mail_url="smtp://u:quiet-river@mail.example.org:587"),
    )
    lived.extensions["course"] = with_password
    before = counts(lived)
    manifest = manifest_of(backed_up(lived, tmp_path / "backup.tar.gz"))
    assert (manifest.engine, manifest.revision) == (engine_name(lived), newest_revision())
    assert manifest.tables == before
    assert manifest.settings["TIME_ZONE"] == "Europe/London"
    assert read_manifest(manifest.to_json()) == manifest
    for secret in ("quiet-river", KEY):
        assert secret not in manifest.to_json()
    other = replace(with_password, config=replace(with_password.config, mail_url="smtp://mail.example.org:587"))
    lived.extensions["course"] = other
    again = manifest_of(backed_up(lived, tmp_path / "again.tar.gz"))
    assert {name for name in again.settings if again.settings[name] != manifest.settings[name]} == {"MAIL_URL"}


@pytest.mark.parametrize("lived", ["postgresql"], indirect=True)
def test_a_dump_is_one_moment_of_a_database_that_others_write_to(lived: Flask, tmp_path: Path) -> None:
    engine, ended = lived.extensions["course"].engine, threading.Event()
    with engine.begin() as connection:
        connection.execute(text("create table twin (number integer, side text)"))

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            with engine.begin() as connection:
                connection.execute(text("insert into twin values (:n, 'one'), (:n, 'other')"), {"n": number})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = lived.test_cli_runner().invoke(args=["backup", str(tmp_path / "backup.tar.gz")])
        assert done.exit_code == 0, done.output
    finally:
        ended.set()
        writer.join()
    assert manifest_of(tmp_path / "backup.tar.gz").tables["twin"] % 2 == 0
    # It is restored for a trial, compared with what it says it holds, and the trial is removed.
    done = flask(lived, "backup", "verify", "--thorough", tmp_path / "backup.tar.gz")
    assert done.exit_code == 0, done.output
    with engine.connect() as connection:
        left = connection.execute(text("select count(*) from pg_database where datname like 'course_backup_check%'"))
        assert left.scalar_one() == 0


@pytest.mark.parametrize("lived", ["postgresql"], indirect=True)
def test_a_dump_is_not_called_thoroughly_verified_where_it_cannot_be_restored_for_a_trial(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """Such as on the other machine on which somebody looks each quarter: without settings it has SQLite."""
    file, other, state = tmp_path / "dump", elsewhere("sqlite"), lived.extensions["course"]
    dumps.dump_postgresql(state.engine, state.config.database_url, file)
    done = flask(other, "backup", "verify", "--thorough", file)
    assert (done.exit_code, "Set DATABASE_URL to a database of a PostgreSQL server" in done.stderr) == (1, True), (
        done.output
    )
    assert "can be restored" not in done.stdout
    assert flask(other, "backup", "verify", file).exit_code == 0


@pytest.mark.parametrize("lived", ["postgresql"], indirect=True)
def test_a_dump_of_pg_dump_itself_is_verified_written_down_and_restored(
    lived: Flask, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file = tmp_path / "dump"
    address, _ = dumps.connection_settings(lived.extensions["course"].config.database_url)
    subprocess.run([dumps._find("pg_dump"), "-Fc", f"--file={file}", f"--dbname={address}"], check=True)
    done = flask(lived, "backup", "--done", file)
    assert (done.exit_code, "not verified" in done.stderr) == (0, False), done.output
    other = elsewhere("postgresql", SECRET_KEY=KEY)
    done = flask(other, "backup", "restore", file)
    assert done.exit_code == 0, done.output
    runs(other)
    file.write_bytes(file.read_bytes()[:-20_000])
    assert flask(lived, "backup", "check", file).exit_code == 1


def test_a_backup_of_the_other_engine_is_refused_and_the_way_is_said(
    lived_file: Path, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    copy_sqlite(f"sqlite:///{lived_file}", tmp_path / "plain.db")
    done = flask(elsewhere("postgresql", SECRET_KEY=KEY), "backup", "restore", tmp_path / "plain.db")
    assert (done.exit_code, "flask database move" in done.stderr) == (1, True), done.output


def test_a_wrong_recipient_is_a_mistake_in_the_settings_that_does_not_repeat_it(tmp_path: Path) -> None:
    secret, public = new_identity()
    url = f"sqlite:///{tmp_path / 'course.db'}"
    assert make_config(url, BACKUP_RECIPIENT=f"{public}, {public}").backup_recipients == (public, public)
    with pytest.raises(Exception, match="BACKUP_RECIPIENT: is not a public key") as refused:
        make_config(url, BACKUP_RECIPIENT=secret)
    assert secret not in str(refused.value)
