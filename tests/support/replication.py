"""A primary of PostgreSQL and its synchronous standby for tests: `with replicated_cluster() as pair: ...`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from tests.support.postgres import (
    PORT,
    START_SECONDS,
    STOP_SECONDS,
    SUPERUSER,
    Cluster,
    find_or_install_binaries,
    last_lines,
    sigterm_as_interrupt,
)

STANDBY = "standby"  # what the standby calls itself, and its replication slot


class ReplicatedServer(Cluster):
    """A cluster that can follow another one, be killed, started again, and promoted."""

    def follow(self, primary: Cluster) -> None:
        """Copy a running cluster, instead of creating one, and start as its standby, which can be read; return when it
        answers. Raises RuntimeError if a step fails."""
        source = f"host={primary.folder} port={PORT} user={SUPERUSER} application_name={STANDBY}"
        options = ["-R", "-C", "-S", STANDBY, "-c", "fast", "--no-sync"]
        copied = self._run("pg_basebackup", "-d", source, "-D", str(self._data), *options)
        if copied.returncode != 0:
            raise RuntimeError(f"pg_basebackup failed (exit code {copied.returncode}):\n{last_lines(copied.stdout)}")
        self._write_settings()
        self.run()

    def ask(self, statement: str) -> str:
        """What psql prints for a statement, as the superuser. Raises RuntimeError if it fails."""
        to = ["-h", str(self._folder), "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres"]
        done = self._run("psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", *to, "-c", statement)
        if done.returncode != 0:
            raise RuntimeError(f"psql failed (exit code {done.returncode}):\n{last_lines(done.stdout)}")
        return done.stdout.strip()

    def set(self, **settings: str) -> None:
        """Change settings that need no restart, for good."""
        for name, value in settings.items():
            self.ask(f"alter system set {name} = '{value}'")
        self.ask("select pg_reload_conf()")

    def kill(self) -> None:
        """Stop the server as a crash would: connections break, nothing is finished or written."""
        self._pg_ctl("stop", STOP_SECONDS, "-m", "immediate")

    def promote(self) -> None:
        """Make a standby a primary; return when it takes writes. Raises RuntimeError if it does not become one."""
        promoted = self._pg_ctl("promote", START_SECONDS)
        if promoted.returncode != 0:
            raise RuntimeError(f"pg_ctl promote failed:\n{last_lines(promoted.stdout)}")


@dataclass(frozen=True)
class ReplicatedCluster:
    """A primary and a standby that has whatever the primary has said is committed."""

    primary: ReplicatedServer
    standby: ReplicatedServer

    def url(self, database: str, attributes: str = "read-write") -> str:
        """The address of both servers, for connections to whichever is what `attributes` asks for."""
        folders = ",".join(quote(str(one.folder), safe="/") for one in (self.primary, self.standby))
        return (
            f"postgresql+psycopg://{SUPERUSER}@/{database}?host={folders}&port={PORT},{PORT}"
            f"&target_session_attrs={attributes}"
        )


@contextmanager
def replicated_cluster() -> Iterator[ReplicatedCluster]:
    """Yield a new cluster and its synchronous standby: a commit is acknowledged once the standby has it as well.

    Stopped and removed at the end, as by `temporary_cluster`.
    """
    with sigterm_as_interrupt():
        binaries = find_or_install_binaries()
        pair = ReplicatedCluster(ReplicatedServer(binaries), ReplicatedServer(binaries))
        try:
            pair.primary.start()
            pair.standby.follow(pair.primary)
            # Only now, and only here: a promoted standby has nobody to wait for.
            pair.primary.set(synchronous_commit="on", synchronous_standby_names=STANDBY)
            yield pair
        finally:
            pair.standby.stop()
            pair.primary.stop()
