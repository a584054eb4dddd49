"""PgBouncer in transaction mode in front of a cluster of ours, for tests.

In a test: `with pooler(url) as pooled: ...`; both are URLs of SQLAlchemy, and `pooled` serves every database of the cluster.
`pytest --through-pgbouncer` runs tests on PostgreSQL through it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.postgres import apt_install

PORT = 6432  # only names the socket: each has a folder of its own
PLACES = ("/usr/sbin/pgbouncer",)
START_SECONDS = 10.0
# Set while tests run through it, to its address.
VARIABLE = "TEST_POOLER"


def find_or_install() -> str:
    """The program, installed with apt-get if it is missing. Raises RuntimeError where that is not allowed."""
    for _ in range(2):
        for place in (shutil.which("pgbouncer"), *PLACES):
            if place and os.access(place, os.X_OK):
                return place
        apt_install("pgbouncer")
    raise RuntimeError("apt-get installed pgbouncer, but it is in none of its places")


@contextmanager
def pooler(url: str, size: int = 8) -> Iterator[str]:
    """Yield the address of a PgBouncer that shares `size` connections to each database of the cluster at `url`."""
    program, target = find_or_install(), make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="test-pgbouncer-"))
    host = str(target.query["host"])
    (folder / "users").write_text(f'"{target.username}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={host} port={target.query.get("port", "5432")}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {PORT}
auth_type = trust
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 1000
logfile = {folder / "log"}
""",
        encoding="utf-8",
    )
    # It does not run as root, and only the owner of the cluster may enter its folder.
    owner = Path(host).stat()
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    other = os.geteuid() == 0 and owner.st_uid != 0
    process = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")],
        cwd=folder,
        user=owner.st_uid if other else None,
        group=owner.st_gid if other else None,
        extra_groups=[] if other else None,
    )
    try:
        until = time.monotonic() + START_SECONDS
        while not (folder / f".s.PGSQL.{PORT}").exists():
            if process.poll() is not None or time.monotonic() > until:
                log = folder / "log"
                raise RuntimeError(f"PgBouncer did not start: {log.read_text() if log.exists() else ''}")
            time.sleep(0.02)
        yield target.update_query_dict({"host": str(folder), "port": str(PORT), "pgbouncer": "true"}).render_as_string(
            False
        )
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def through_pooler(url: str) -> str:
    """The address of the same database through PgBouncer, if tests run through it; otherwise as it is."""
    pooled = os.environ.get(VARIABLE)
    if not pooled or not url.startswith("postgresql"):
        return url
    return make_url(pooled).set(database=make_url(url).database).render_as_string(hide_password=False)


@contextmanager
def tests_through_pooler(url: str) -> Iterator[None]:
    """Lead `through_pooler` through a PgBouncer in front of the cluster."""
    with pooler(url) as pooled:
        os.environ[VARIABLE] = pooled
        try:
            yield
        finally:
            del os.environ[VARIABLE]
